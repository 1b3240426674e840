import Shared
import Synchronization
import TestSupport
import Testing

@testable import Agent

/// What the real kernel reports of real processes.
@Suite(.enabled(if: isInstalled("python3") && isDirectory("/proc/self/fd"), "no python3 or /proc"))
struct FileWatchTests {
    struct Row: Sendable, Codable, CustomTestStringConvertible {
        var testDescription: String
        /// What the trainer does, in Python: `worker(f)` runs f in a child that it waits for.
        var code: String
        var path = "output/a"
        var isComplete: Bool
    }

    static let rows = [
        Row(testDescription: "closed", code: "write('output/a')", isComplete: true),
        Row(
            testDescription: "renamed",
            code: "write('output/a.tmp'); os.replace('output/a.tmp', 'output/a')",
            isComplete: true),
        Row(
            testDescription: "its directory renamed",
            code: """
                os.makedirs('output/d.tmp/e'); write('output/d.tmp/e/a')
                os.rename('output/d.tmp', 'output/d')
                """,
            path: "output/d/e/a", isComplete: true),
        Row(
            testDescription: "in new directories",
            code: "os.makedirs('output/1/2/3'); write('output/1/2/3/a')",
            path: "output/1/2/3/a", isComplete: true),
        Row(
            testDescription: "below a directory that was renamed while watched",
            code: """
                os.makedirs('output/d/e'); time.sleep(0.2); os.rename('output/d', 'output/f')
                time.sleep(0.2); write('output/f/e/a')
                """,
            path: "output/f/e/a", isComplete: true),
        Row(
            testDescription: "renamed into the output directory",
            code: "write('outside/a'); os.rename('outside/a', 'output/a')", isComplete: true),
        Row(
            testDescription: "renamed into it with its directory",
            code: """
                os.makedirs('outside/d/e'); write('outside/d/e/a')
                os.rename('outside/d', 'output/d')
                """,
            path: "output/d/e/a", isComplete: true),
        Row(
            testDescription: "a header first, then opened again",
            code: "write('output/a'); f = open('output/a', 'a'); f.write('rest'); f.close()",
            isComplete: true),
        Row(
            testDescription: "opened again, open",
            code: "write('output/a'); f = open('output/a', 'a'); f.write('rest'); f.flush()",
            isComplete: false),
        Row(
            testDescription: "closed by a worker that was killed later",
            code: "worker(lambda: (write('output/a'), time.sleep(1.5), die()))",
            isComplete: true),
        Row(
            testDescription: "open in a worker that was killed",
            code: "worker(lambda: (half('output/a').flush(), time.sleep(0.2), die()))",
            isComplete: false),
        Row(
            testDescription: "half-flushed at os._exit(3)",
            code: "worker(lambda: (half('output/a'), time.sleep(0.2), os._exit(3)))",
            isComplete: false),
        Row(
            testDescription: "half-flushed at os._exit(0)",
            code: "worker(lambda: (half('output/a'), time.sleep(0.2), os._exit(0)))",
            isComplete: false),
        Row(
            testDescription: "complete, then opened by a worker that was killed",
            code: """
                write('output/a'); time.sleep(0.7)
                worker(lambda: (open('output/a', 'r+'), time.sleep(0.2), die()))
                """,
            isComplete: false),
        Row(
            testDescription: "mapped in a worker that was killed",
            code: """
                write('output/a', 'x' * 9000)
                def work():
                    f = open('output/a', 'r+b'); m = mmap.mmap(f.fileno(), 0); f.close()
                    m[0:5] = b'other'; time.sleep(0.2); die()
                worker(work)
                """,
            isComplete: false),
        Row(
            testDescription: "torn, then renamed by the trainer",
            code: """
                worker(lambda: (half('output/a.tmp').flush(), time.sleep(0.2), die()))
                time.sleep(0.1); os.rename('output/a.tmp', 'output/a')
                """,
            isComplete: false),
        Row(
            testDescription: "torn, then renamed with its directory",
            code: """
                os.mkdir('output/d')
                worker(lambda: (half('output/d/a').flush(), time.sleep(0.2), die()))
                time.sleep(0.1); os.rename('output/d', 'output/e')
                """,
            path: "output/e/a", isComplete: false),
        Row(
            testDescription: "in a directory that belongs to the engine",
            code: "write('output/.staging/a')", path: "output/.staging/a", isComplete: false),
    ]

    /// The trainer: does its work once it is watched, then lives on and closes `output/last` again
    /// and again: by inotify, one close at a death next to it may not count.
    private static func script(_ code: String) -> String {
        """
        import mmap, os, signal, sys, time
        os.chdir(sys.argv[1])
        def write(path, text='content'):
            with open(path, 'w') as file: file.write(text)
        def half(path):
            file = open(path, 'w'); kept.append(file); file.write('half of it'); return file
        def die(): os.kill(os.getpid(), signal.SIGKILL)
        def worker(body):
            child = os.fork()
            if child: os.waitpid(child, 0); return
            body()
        kept = []
        open('oracle/ready', 'w').close()
        while not os.path.exists('oracle/go'): time.sleep(0.005)
        \(code)
        time.sleep(0.2)
        while True:
            write('output/last')
            time.sleep(1.5)
        """
    }

    private static func check(_ row: Row, _ interface: Interface) async throws {
        let world = try WatchWorld()
        let watch = try interface.watch(world)
        let trainer = try PosixRunner().start(
            Command("python3", ["-c", script(row.code), world.scratch.path]))
        defer { trainer.send(SIGKILL) }
        // Where python3 is a script, it has children of its own first.
        try await Eventually.holds { exists(world.scratch.path + "/oracle/ready") }
        watch.follow(root: trainer.pid)
        try world.scratch.write("", to: "oracle/go")
        // What came before it has rested by then.
        try await Eventually.holds(within: .seconds(30)) {
            world.isComplete("output/last", watch)
        }
        #expect(world.isComplete(row.path, watch) == row.isComplete, "\(row.testDescription)")
        trainer.send(SIGKILL)
        _ = await trainer.wait()
        // A later death takes nothing back, but from what was open then.
        let isOpen = row.testDescription == "opened again, open"
        #expect(
            world.isComplete(row.path, watch) == (row.isComplete && !isOpen),
            "\(row.testDescription)")
        #expect(world.notes.withLock { $0 } == [])
    }

    @Test(arguments: Interface.allCases, rows)
    func `complete is what a running writer closed or renamed`(interface: Interface, row: Row)
        async throws
    {
        try await Self.check(row, interface)
    }

    @Test(.enabled(if: getuid() == 0, "needs root to become an ordinary user"))
    func `an ordinary user has the same from inotify`() async throws {
        await #expect(processExitsWith: .success) {
            guard setgid(65534) == 0, setuid(65534) == 0 else { exit(3) }
            guard cposixRefusesFanotify() else { exit(4) }
            for row in FileWatchTests.rows {
                try await FileWatchTests.check(row, .inotify)
            }
        }
    }
}

/// Whether this process is one that fanotify is not for.
private func cposixRefusesFanotify() -> Bool {
    guard let world = try? WatchWorld(), let roots = try? WatchRoots(world.roots, foreign: [])
    else { return false }
    return (try? FanotifySource(roots)) == nil
}
