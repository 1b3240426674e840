import Shared
import Synchronization
import TestSupport
import Testing

@testable import Agent

/// With real processes: signals are what can go wrong here.
@Suite(.timeLimit(.minutes(10))) struct TrainerTests {
    private func trainer(_ stop: StopRequest, grace: Duration = .seconds(20)) -> Trainer {
        Trainer(runner: PosixRunner(), clock: ContinuousClock(), stop: stop, grace: grace)
    }

    private func shell(_ script: String, _ arguments: [String] = []) -> Command {
        Command("sh", ["-c", script, "sh"] + arguments)
    }

    @Test(arguments: [0, 3, 255] as [Int32])
    func `its exit status is kept`(status: Int32) async throws {
        let end = try await trainer(StopRequest()).run(shell("exit \(status)")) { _ in }
        #expect(end == .init(termination: .exited(status), wasStopped: false))
    }

    @Test func `a signal that it dies by is kept`() async throws {
        let end = try await trainer(StopRequest()).run(shell("kill -SEGV $$")) { _ in }
        #expect(end == .init(termination: .signalled(SIGSEGV), wasStopped: false))
    }

    @Test func `SIGTERM reaches it and what it started`() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let ready = directory.path + "/ready"
        let stop = StopRequest()
        let command = shell("sleep 1000 & echo $! > $1.tmp; mv $1.tmp $1; wait", [ready])
        let running = Task { try await trainer(stop).run(command) { _ in } }
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
            try await trainer(stop, grace: .milliseconds(300)).run(command) { _ in }
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
        let running = Task { try await trainer(stop, grace: .seconds(3600)).run(command) { _ in } }
        try await Eventually.holds { exists(ready) }
        stop.request(.signal(SIGTERM))
        stop.request(.signal(SIGTERM))
        #expect(try await running.value.termination == .signalled(SIGKILL))
    }

    @Test func `what outlives its leader is swept`() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let note = directory.path + "/pid"
        let command = shell("sleep 1000 & echo $! > $1", [note])
        _ = try await trainer(StopRequest()).run(command) { _ in }
        let text = String(decoding: try readFile(note), as: UTF8.self)
        let orphan = try #require(Int32(text.dropLast()))
        try await Eventually.holds { ProcessIdentity(of: orphan) == nil }
    }
}
