import Shared
import TestSupport
import Testing

@testable import Agent

/// Many writers at once, killed at any moment; every whole file carries its seal.
@Suite(.enabled(if: isInstalled("python3") && isDirectory("/proc/self/fd"), "no python3 or /proc"))
struct CloserChaosTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var interface: Interface
        var kinds: [String]
        /// Whether all that was closed half a second before the kill must be known. By inotify not
        /// where workers end all the time.
        var knowsAll = true
        var testDescription: String { "\(interface): \(kinds.joined(separator: " "))" }
    }

    private static let steady = [
        "close", "rewrite", "rename", "directory", "reopen", "mapped", "pool",
    ]
    static let rows = [
        Row(interface: .fanotify, kinds: steady + ["dying"]),
        Row(interface: .inotify, kinds: steady),
        Row(interface: .inotify, kinds: steady + ["dying"], knowsAll: false),
    ]

    /// What a worker said last of a path.
    private struct Word {
        var isDone: Bool
        /// On the clock of time.monotonic().
        var seconds: Double
    }

    @Test(arguments: rows, [1, 2, 3] as [UInt64])
    func `all that was closed before the kill is known, and nothing torn`(
        row: Row, seed: UInt64
    ) async throws {
        let world = try WatchWorld()
        let watch = try row.interface.watch(world)
        let oracle = world.scratch.path + "/oracle"
        let script = ChaosWorld.scripts + "/closers.py"
        let trainer = try PosixRunner().start(
            Command("python3", [script, world.output, oracle, "\(seed)"] + row.kinds))
        defer { trainer.send(SIGKILL) }
        try await Eventually.holds { exists(oracle + "/ready") }
        watch.follow(root: trainer.pid)
        try world.scratch.write("", to: "oracle/go")
        let wanted = 40 + Int(seed) * 17
        // The second torn file is begun when the process that left the first one has ended.
        let torn = row.kinds.contains("dying") ? 2 : 0
        try await Eventually.holds {
            let names = TreeListing(below: world.output, most: 100_000, skip: { _ in false }).files
            return Self.words(row.kinds, world).values.count(where: \.isDone) >= wanted
                && names.count { $0.hasSuffix(".torn") } >= torn
        }
        let killedAt = Self.monotonicSeconds()
        trainer.send(SIGKILL)
        _ = await trainer.wait()
        // The group's other processes are not ours to wait for.
        try await Eventually.holds(within: .seconds(30)) { kill(-trainer.pid, 0) != 0 }
        watch.drain()
        // What was closed last has rested by then.
        try await Eventually.holds { Self.monotonicSeconds() > killedAt + 0.6 }
        let words = Self.words(row.kinds, world)
        let paths = TreeListing(below: world.output, most: 100_000, skip: { _ in false }).files
        let flawed = try await Self.flawed(paths, world)
        var known = 0
        for path in paths {
            guard let file = ObservedFile(at: path) else { continue }
            let isComplete = watch.isComplete(file.identity, file.version)
            if isComplete { known += 1 }
            #expect(!(isComplete && flawed.contains(path)), "torn, and complete: \(path)")
            guard row.knowsAll, let word = words[path], word.isDone,
                word.seconds < killedAt - 0.5
            else { continue }
            #expect(isComplete, "closed \(killedAt - word.seconds) s before: \(path)")
        }
        #expect(known > 0)
        #expect(!row.kinds.contains("dying") || flawed.contains { $0.hasSuffix(".torn") })
    }

    private static func monotonicSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func words(_ kinds: [String], _ world: WatchWorld) -> [String: Word] {
        var words: [String: Word] = [:]
        for kind in kinds {
            for line in (world.scratch.read("oracle/\(kind)") ?? "").split(separator: "\n") {
                let fields = line.split(separator: " ")
                guard fields.count == 3, let seconds = Double(fields[2]) else { continue }
                words[String(fields[1])] = Word(isDone: fields[0] == "D", seconds: seconds)
            }
        }
        return words
    }

    /// The files whose seal does not hold.
    private static func flawed(_ paths: [String], _ world: WatchWorld) async throws -> Set<String> {
        let code = """
            import sys
            sys.path.insert(0, sys.argv[1])
            from sealed import flaw
            for path in sys.stdin.read().splitlines():
                with open(path, 'rb') as file:
                    if flaw(file.read()): print(path)
            """
        let scripts = ChaosWorld.scripts
        var command = Command("python3", ["-c", code, scripts])
        command.input = .data(Data(paths.joined(separator: "\n").utf8))
        let text = try await PosixRunner().output(of: command)
        return Set(text.split(separator: "\n").map(String.init))
    }
}
