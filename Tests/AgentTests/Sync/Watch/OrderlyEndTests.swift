import Shared
import TestSupport
import Testing

@testable import Agent

/// What real trainers closed a moment before their end, under the real observer and keeper.
@Suite(.enabled(if: isInstalled("python3") && isDirectory("/proc/self/fd"), "no python3 or /proc"))
struct OrderlyEndTests {
    struct Row: Sendable, Codable, CustomTestStringConvertible {
        var testDescription: String
        /// What the trainer does last, in Python.
        var code: String
        var isComplete: Bool
        /// The main process lives on until the file is complete.
        var livesOn = false
    }

    static let rows = [
        Row(
            testDescription: "an exception after the close",
            code: "write('output/a'); raise RuntimeError('out of memory')", isComplete: true),
        Row(
            testDescription: "an exception after a rename",
            code: "write('output/t'); os.rename('output/t', 'output/a'); raise RuntimeError",
            isComplete: true),
        Row(
            testDescription: "sys.exit(1)", code: "write('output/a'); sys.exit(1)",
            isComplete: true),
        Row(
            testDescription: "saved by a hook of atexit",
            code: "atexit.register(write, 'output/a'); sys.exit(1)", isComplete: true),
        Row(
            testDescription: "open at an exception",
            code: "kept.append(half('output/a')); raise RuntimeError", isComplete: false),
        Row(
            testDescription: "open in a thread at sys.exit(1)",
            code: """
                def work():
                    file = half('output/a')
                    while True: time.sleep(60)
                threading.Thread(target=work, daemon=True).start()
                while not os.path.exists('output/a'): time.sleep(0.01)
                time.sleep(0.1); sys.exit(1)
                """, isComplete: false),
        Row(
            testDescription: "open at os._exit(3)", code: "file = half('output/a'); os._exit(3)",
            isComplete: false),
        Row(
            testDescription: "open at SIGKILL",
            code: "file = half('output/a'); os.kill(os.getpid(), signal.SIGKILL)",
            isComplete: false),
        Row(
            testDescription: "closed by a worker that returned",
            code: "worker(write); wait(); os.kill(os.getpid(), signal.SIGKILL)",
            isComplete: true, livesOn: true),
        Row(
            testDescription: "closed by a spawned worker that returned",
            code: "worker(write, 'spawn'); wait(); os.kill(os.getpid(), signal.SIGKILL)",
            isComplete: true, livesOn: true),
        Row(
            testDescription: "open in a worker that raised",
            code: "worker(raising); sys.exit(1)", isComplete: false),
        Row(
            testDescription: "open in a worker at os._exit(0)",
            code: "worker(leaving); sys.exit(1)", isComplete: false),
    ]

    /// Once it is watched it does its work. A worker opens a file first, by which it is noticed.
    private static func script(_ code: String) -> String {
        let body = code.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n")
        return """
            import atexit, multiprocessing, os, signal, sys, threading, time
            def write(path):
                with open(path, 'w') as file: file.write('content')
            def half(path):
                file = open(path, 'w'); file.write('half of it'); file.flush(); return file
            kept = []
            def raising(path):
                kept.append(half(path)); raise RuntimeError
            def leaving(path):
                file = half(path); os._exit(0)
            def run(body):
                write('output/begun'); time.sleep(0.3); body('output/a')
            def worker(body, method='fork'):
                process = multiprocessing.get_context(method).Process(target=run, args=(body,))
                process.start(); process.join()
            def wait():
                while not os.path.exists('oracle/complete'): time.sleep(0.005)
            def main():
                open('oracle/ready', 'w').close()
                while not os.path.exists('oracle/go'): time.sleep(0.005)
            \(body)
            if __name__ == '__main__':
                main()

            """
    }

    private static func check(_ row: Row, _ interface: Interface) async throws {
        let world = try WatchWorld()
        let watch = try interface.watch(world)
        let root = world.scratch.path
        try world.scratch.write(script(row.code), to: "trainer.py")
        // As the run's environment has it.
        try world.scratch.write("import ai_training_utils._observe\n", to: "sitecustomize.py")
        var command = Command(
            BuiltProducts.agent,
            [Keeper.name, root + "/trainer.json", "1", "python3", "trainer.py"])
        command.workingDirectory = root
        command.environment = [
            "PYTHONPATH": root + ":" + BuiltProducts.repository + "/python",
            "AI_TRAINING_OBSERVE": "1", "AI_TRAINING_OBSERVER_DIRECTORY": world.observer,
        ]
        let keeper = try PosixRunner().start(command)
        defer { keeper.send(SIGUSR1) }
        try await Eventually.holds { exists(root + "/oracle/ready") }
        watch.follow(root: keeper.pid, isKeeper: true)
        try world.scratch.write("", to: "oracle/go")
        if row.livesOn {
            try await Eventually.holds(within: .seconds(30)) {
                world.isComplete("output/a", watch)
            }
            try world.scratch.write("", to: "oracle/complete")
        }
        _ = await keeper.wait()
        watch.trainerEnded(main: nil)
        let answer = world.isComplete("output/a", watch)
        #expect(answer == row.isComplete, "\(row.testDescription), \(interface)")
        // Nor does what is torn become complete by resting.
        let asked = ContinuousClock.now
        try await Eventually.holds { ContinuousClock.now - asked > .milliseconds(600) }
        let later = world.isComplete("output/a", watch)
        #expect(later == row.isComplete, "\(row.testDescription), \(interface), later")
    }

    @Test(arguments: Interface.allCases, rows)
    func `what was closed before an orderly end is complete`(
        interface: Interface, row: Row
    ) async throws {
        try await Self.check(row, interface)
    }

    @Test(.enabled(if: getuid() == 0, "needs root to become an ordinary user"))
    func `an ordinary user has the same from inotify`() async throws {
        await #expect(processExitsWith: .success) {
            guard setgid(65534) == 0, setuid(65534) == 0 else { exit(3) }
            for row in OrderlyEndTests.rows {
                try await OrderlyEndTests.check(row, .inotify)
            }
        }
    }

    @Test func `a line counts for its process and for what it closed`() throws {
        let scratch = try Scratch()
        let path = try scratch.write(
            "nothing\n7 100 5000 21 22\n9 1\n-1 2 3\n99999999999 1 1\n8 101 70", to: "ends")
        var ends = OrderlyEnds(path: path)
        ends.refresh()
        func isClosed(_ inode: UInt64, _ mtime: Int64, _ pid: Int32?) -> Bool {
            ends.isClosed(
                .init(identity: .init(device: 1, inode: inode), mtime: mtime), by: pid)
        }
        #expect(ends.has(pid: 7, started: 100) && !ends.has(pid: 7, started: 99))
        #expect(!ends.has(pid: 8, started: 101), "half a line")
        #expect(isClosed(5, 5000, 7) && isClosed(5, 4999, nil))
        #expect(!isClosed(5, 5001, 7) && !isClosed(5, 5001, nil), "written later")
        #expect(!isClosed(22, 4000, 7) && !isClosed(22, 4000, nil), "open at the end")
        #expect(!isClosed(5, 4000, 8), "another process")
        try scratch.write(
            "nothing\n7 100 5000 21 22\n9 1\n-1 2 3\n99999999999 1 1\n8 101 70\n", to: "new")
        // The same file, grown.
        let text = try #require(scratch.read("new"))
        let descriptor = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC)
        try AtomicFile.writeAll(Data(text.utf8), to: descriptor, path: path)
        close(descriptor)
        ends.refresh()
        #expect(ends.has(pid: 8, started: 101))
        // A new attempt's file.
        unlink(path)
        try scratch.write("3 4 5\n", to: "ends")
        ends.refresh()
        #expect(ends.has(pid: 3, started: 4))
    }
}
