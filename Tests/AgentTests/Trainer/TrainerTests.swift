import Shared
import Synchronization
import TestSupport
import Testing

@testable import Agent

/// With real processes: signals are what can go wrong here.
@Suite(.timeLimit(.minutes(10))) struct TrainerTests {
    private func trainer(_ stop: StopRequest, grace: Duration = .seconds(20)) -> Trainer {
        Trainer(
            runner: PosixRunner(), clock: ContinuousClock(), stop: stop, grace: grace,
            keeper: BuiltProducts.agent)
    }

    /// Runs a trainer to its end, with a work directory of its own.
    private func run(
        _ command: Command, stop: StopRequest = StopRequest(), grace: Duration = .seconds(20)
    ) async throws -> Trainer.End {
        let work = try TemporaryDirectory()
        defer { work.remove() }
        return try await trainer(stop, grace: grace).run(
            command, attempt: 1, record: work.path + "/trainer.json"
        ) { _ in }
    }

    private func processNumber(in path: String) async throws -> Int32 {
        let text = try await Eventually.value { try? readFile(path) }
        return try #require(Int32(String(decoding: text, as: UTF8.self).dropLast()))
    }

    private func shell(_ script: String, _ arguments: [String] = []) -> Command {
        Command("sh", ["-c", script, "sh"] + arguments)
    }

    @Test(arguments: [0, 3, 255] as [Int32])
    func `its exit status is kept`(status: Int32) async throws {
        let end = try await run(shell("exit \(status)"))
        #expect(end == .init(termination: .exited(status), wasStopped: false))
    }

    @Test func `a signal that it dies by is kept`() async throws {
        let end = try await run(shell("kill -SEGV $$"))
        #expect(end == .init(termination: .signalled(SIGSEGV), wasStopped: false))
    }

    @Test func `SIGTERM reaches it and what it started`() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let ready = directory.path + "/ready"
        let stop = StopRequest()
        let command = shell("sleep 1000 & echo $! > $1.tmp; mv $1.tmp $1; wait", [ready])
        let running = Task { try await run(command, stop: stop) }
        let text = try await Eventually.value { try? readFile(ready) }
        let grandchild = try #require(Int32(String(decoding: text, as: UTF8.self).dropLast()))
        stop.request(.signal(SIGTERM))
        let end = try await running.value
        #expect(end == .init(termination: .signalled(SIGTERM), wasStopped: true))
        try await Eventually.holds { ProcessIdentity(of: grandchild) == nil }
    }

    @Test func `one that ignores SIGTERM is killed after the grace`() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let ready = directory.path + "/ready"
        let stop = StopRequest()
        let command = shell("trap '' TERM; touch $1; while :; do sleep 1; done", [ready])
        let running = Task {
            try await run(command, stop: stop, grace: .milliseconds(300))
        }
        try await Eventually.holds { exists(ready) }
        stop.request(.signal(SIGTERM))
        #expect(try await running.value.termination == .signalled(SIGKILL))
    }

    @Test func `a second request gives up the grace`() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let ready = directory.path + "/ready"
        let stop = StopRequest()
        let command = shell("trap '' TERM; touch $1; while :; do sleep 1; done", [ready])
        let running = Task { try await run(command, stop: stop, grace: .seconds(3600)) }
        try await Eventually.holds { exists(ready) }
        stop.request(.signal(SIGTERM))
        stop.request(.signal(SIGTERM))
        #expect(try await running.value.termination == .signalled(SIGKILL))
    }

    /// torchrun gives each of its workers a session of its own.
    @Test func `a worker in another session does not outlive a trainer that crashed`() async throws
    {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let note = directory.path + "/pid"
        let command = shell(
            "setsid sh -c 'echo $$ > $0.tmp; mv $0.tmp $0; exec sleep 1000' $1 & "
                + "until [ -e $1 ]; do sleep 0.01; done; exit 3", [note])
        let end = try await run(command)
        #expect(end.termination == .exited(3))
        #expect(end.leftovers.contains { $0.hasPrefix("sleep ") })
        #expect(end.hasEndedLeftovers)
        let worker = try await processNumber(in: note)
        #expect(ProcessIdentity(of: worker) == nil)
    }

    @Test func `a stop reaches a worker in another session, and its grace is kept`() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let (ready, saved) = (directory.path + "/ready", directory.path + "/saved")
        // The shell dies of the signal at once; what it started saves first.
        let worker =
            "trap 'sleep 0.3; touch $1; exit 0' TERM; touch $0; while :; do sleep 0.01; done"
        let command = shell("setsid sh -c \"$1\" $2 $3; :", [worker, ready, saved])
        let stop = StopRequest()
        let running = Task { try await run(command, stop: stop) }
        try await Eventually.holds { exists(ready) }
        stop.request(.signal(SIGTERM))
        let end = try await running.value
        #expect(end.wasStopped)
        #expect(exists(saved))
    }

    @Test func `a main that goes into the background is waited for`() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let model = directory.path + "/model"
        let training =
            "import sys, time; end = time.process_time() + 1\n"
            + "while time.process_time() < end: pass\nopen(sys.argv[1], 'w').close()"
        let end = try await run(shell("setsid python3 -c \"$1\" $2 & exit 0", [training, model]))
        #expect(end.termination == .exited(0))
        #expect(!end.hasEndedLeftovers)
        #expect(exists(model))
    }

    @Test func `nothing of a trainer whose keeper was killed runs beside the next`() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let (record, note) = (directory.path + "/trainer.json", directory.path + "/pid")
        let command = shell("echo $$ > $1.tmp; mv $1.tmp $1; exec sleep 1000", [note])
        let first = Task {
            try await trainer(StopRequest()).run(command, attempt: 1, record: record) { _ in }
        }
        let old = try await processNumber(in: note)
        // The trainer may have written before its keeper.
        let keeper = try await Eventually.value { KeeperRecord.read(record)?.keeper.pid }
        kill(keeper, SIGKILL)
        #expect(try await first.value.termination == .signalled(SIGKILL))
        let end = try await trainer(StopRequest()).run(
            shell("exit 0"), attempt: 2, record: record
        ) { _ in }
        #expect(end.termination == .exited(0))
        #expect(ProcessIdentity(of: old) == nil)
    }

    @Test func `another agent adopts it and learns its exit status`() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let (record, go) = (directory.path + "/trainer.json", directory.path + "/go")
        let command = shell("until [ -e $1 ]; do sleep 0.01; done; exit 7", [go])
        let kept = try await KeptTrainer.start(
            command, attempt: 3, record: record, executable: BuiltProducts.agent,
            runner: PosixRunner(),
            clock: ContinuousClock())
        let adopted = try #require(
            KeptTrainer.adopt(
                attempt: 3, record: record, clock: ContinuousClock()))
        #expect(adopted.trainer == kept.trainer)
        #expect(
            KeptTrainer.adopt(attempt: 4, record: record, clock: ContinuousClock()) == nil,
            "another attempt's")
        try AtomicFile.write(Data(), to: go)
        #expect(await trainer(StopRequest()).follow(adopted).termination == .exited(7))
        // Also after its end.
        let late = try #require(
            KeptTrainer.adopt(
                attempt: 3, record: record, clock: ContinuousClock()))
        #expect(await late.ended().termination == .exited(7))
    }

    /// A directory in the record's place: the keeper cannot write, as on a full disk.
    @Test(
        arguments: [
            ("exit 7", Termination.exited(7)), ("kill -SEGV $$", .signalled(SIGSEGV)),
        ] as [(String, Termination)])
    func `its end is known where the keeper cannot write`(
        end: String, termination: Termination
    ) async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let (record, go) = (directory.path + "/trainer.json", directory.path + "/go")
        let kept = try await KeptTrainer.start(
            shell("until [ -e $1 ]; do sleep 0.01; done; \(end)", [go]), attempt: 1, record: record,
            executable: BuiltProducts.agent, runner: PosixRunner(), clock: ContinuousClock())
        unlink(record)
        try makeDirectories(record, mode: 0o700)
        try AtomicFile.write(Data(), to: go)
        #expect(await kept.ended().termination == termination)
    }

    @Test func `one that cannot be started says why`() async throws {
        await #expect(throws: Failure.self) {
            try await run(Command("/nonexistent/python", []))
        }
    }
}

@Suite struct LeftoverRuleTests {
    private func looks(until ticks: [UInt64]) -> Int? {
        var rule = LeftoverRule()
        return ticks.firstIndex { rule.mayEnd(total: $0, elapsed: .seconds(5)) }
    }

    @Test func `idle processes are ended after four looks in a row`() {
        #expect(looks(until: [100, 100, 101, 102, 103, 104]) == 4)
    }

    @Test func `a busy process is never ended`() {
        #expect(looks(until: (0...1000).map { $0 * 400 }) == nil)
    }

    @Test func `work in between begins the count anew`() {
        #expect(looks(until: [0, 0, 0, 0, 500, 500, 500, 500, 500]) == 8)
    }

    @Test func `a sum that shrinks since one of them ended counts as no work`() {
        #expect(looks(until: [900, 10, 10, 10, 10]) == 4)
    }
}
