import CPosix
import Shared
import TestSupport
import Testing

@testable import Agent

@Suite(.enabled(if: isInstalled("python3") && exists("/proc/self/stat"), "no python3 or /proc"))
struct WriterProcessesTests {
    /// Does a step for each line that it reads, and answers each with a line in a file.
    private static func start(_ scratch: Scratch) throws -> any RunningCommand {
        let code = """
            import os, sys, time
            os.chdir(sys.argv[1])
            def fork(seconds):
                child = os.fork()
                if child: return child
                time.sleep(seconds); os._exit(0)
            steps = [lambda: None, lambda: os.waitpid(fork(0), 0), lambda: kept.append(fork(60)),
                     lambda: (os.kill(kept[0], 9), os.waitpid(kept[0], 0))]
            kept = []
            for number, step in enumerate(steps):
                while not os.path.exists(f'ask{number}'): time.sleep(0.005)
                step(); open(f'told{number}', 'w').close()
            time.sleep(60)
            """
        return try PosixRunner().start(Command("python3", ["-c", code, scratch.path]))
    }

    private static func ask(_ number: Int, _ scratch: Scratch) async throws {
        try scratch.write("", to: "ask\(number)")
        try await Eventually.holds { exists("\(scratch.path)/told\(number)") }
    }

    @Test func `every end is noticed once, even of a child that nobody saw`() async throws {
        let scratch = try Scratch()
        let process = try Self.start(scratch)
        defer { process.send(SIGKILL) }
        // Where python3 is a script, it has children of its own first.
        try await Self.ask(0, scratch)
        let tree = WriterProcesses(root: process.pid)
        #expect(tree.look() == .allRun)
        #expect(tree.look() == .allRun)
        // Born and reaped between two looks.
        try await Self.ask(1, scratch)
        #expect(tree.look() == .hasChanged)
        #expect(tree.look() == .allRun)
        try await Self.ask(2, scratch)
        #expect(tree.look() == .allRun)
        try await Self.ask(3, scratch)
        #expect(tree.look() == .hasChanged)
        #expect(tree.look() == .allRun)
        process.send(SIGKILL)
        _ = await process.wait()
        #expect(tree.look() == .hasChanged)
        #expect(tree.look() == .isEmpty)
    }

    @Test func `an orderly end is no change, and explains that the parent waited`() async throws {
        let scratch = try Scratch()
        let process = try Self.start(scratch)
        defer { process.send(SIGKILL) }
        try await Self.ask(0, scratch)
        let tree = WriterProcesses(root: process.pid)
        try await Self.ask(1, scratch)
        #expect(tree.look { _, _ in true } == .hasChanged, "nobody knows who it was")
        try await Self.ask(2, scratch)
        #expect(tree.look { _, _ in true } == .allRun)
        try await Self.ask(3, scratch)
        #expect(tree.look { _, _ in true } == .allRun)
        #expect(tree.look() == .allRun)
        process.send(SIGKILL)
        _ = await process.wait()
        #expect(tree.look { _, _ in true } == .endedOrderly)
        #expect(tree.look() == .isEmpty)
    }

    @Test func `a process is known by the numbers of proc(5)`() throws {
        var process = cposix_process()
        #expect(cposix_look_at_process(getpid(), &process) == 0)
        let fields = try #require(ProcessIdentity.statFields(of: getpid()))
        #expect(process.parent == Int32(fields[1]))
        #expect(process.started == UInt64(fields[19]))
        #expect(process.threads > 0 && process.threads < 10_000)
        #expect(process.is_exiting == 0)
        #expect(cposix_look_at_process(0, &process) != 0)
    }
}
