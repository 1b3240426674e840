import Shared
import Testing

@testable import Agent

@Suite struct ScannerTests {
    let root: TemporaryDirectory

    init() throws { root = try TemporaryDirectory() }

    private func scanner(_ patterns: [String] = [], foreign: [String] = []) -> Scanner {
        Scanner(
            roots: [
                Scanner.Root(prefix: "output", directory: root.path + "/output"),
                Scanner.Root(prefix: "logs", directory: root.path + "/logs"),
            ],
            patterns: PathPatterns(patterns), foreign: foreign)
    }

    private func write(_ text: String, to path: String) throws {
        try makeDirectories(parentDirectory("\(root.path)/\(path)"))
        try AtomicFile.write(Data(text.utf8), to: "\(root.path)/\(path)")
    }

    @Test func `a walk finds each file once, by the name of its object`() throws {
        defer { root.remove() }
        try write("1", to: "output/a")
        try write("22", to: "output/deep/er/b")
        try write("333", to: "logs/train.log")
        var table = FileTable()
        let (pending, report) = scanner().scan(&table, number: 1)
        #expect(
            pending.map { table.path($0) }.sorted() == [
                "logs/train.log", "output/a", "output/deep/er/b",
            ])
        #expect(report.isComplete)
        #expect(report.files == 3)
        #expect(pending.map { table[$0].current.size }.sorted() == [1, 2, 3])
        #expect(pending.filter { table[$0].flags.contains(.log) }.count == 1)
    }

    @Test func `a root that is not there makes the walk incomplete`() throws {
        defer { root.remove() }
        try write("1", to: "output/a")
        var table = FileTable()
        let (pending, report) = scanner().scan(&table, number: 1)
        #expect(pending.count == 1)
        #expect(!report.isComplete)
    }

    @Test func `logs within output are walked once, and our own directories never`() throws {
        defer { root.remove() }
        try write("1", to: "output/logs/train.log")
        try write("1", to: "output/state/index.tsv")
        let scanner = Scanner(
            roots: [
                Scanner.Root(prefix: "output", directory: root.path + "/output"),
                Scanner.Root(prefix: "logs", directory: root.path + "/output/logs"),
            ],
            patterns: PathPatterns([]), foreign: [root.path + "/output/state"])
        var table = FileTable()
        let (pending, _) = scanner.scan(&table, number: 1)
        #expect(pending.map { table.path($0) } == ["logs/train.log"])
    }

    @Test func `a file written in place is told from one that was replaced`() throws {
        defer { root.remove() }
        try makeDirectories(root.path + "/logs")
        try write("1", to: "output/replaced")
        try write("1", to: "output/rewritten")
        var table = FileTable()
        _ = scanner().scan(&table, number: 1)
        try write("22", to: "output/replaced")
        let descriptor = systemOpen(root.path + "/output/rewritten", O_WRONLY | O_APPEND)
        #expect([UInt8]("2".utf8).withUnsafeBytes { systemWrite(descriptor, $0) } == 1)
        close(descriptor)
        _ = scanner().scan(&table, number: 2)
        #expect(table[table.index(of: "output/replaced")].flags == [])
        #expect(table[table.index(of: "output/rewritten")].flags == .inPlace)
    }

    @Test func `a pipe that becomes a file goes up then`() throws {
        defer { root.remove() }
        try makeDirectories(root.path + "/output")
        #expect(mkfifo(root.path + "/output/x", 0o600) == 0)
        var table = FileTable()
        #expect(scanner().scan(&table, number: 1).report.skipped.count == 1)
        #expect(scanner().scan(&table, number: 2).report.skipped.isEmpty)
        try write("1", to: "output/x")
        #expect(scanner().scan(&table, number: 3).pending.count == 1)
    }

    @Test func `a tree deeper than we go is told, not fatal`() throws {
        defer { root.remove() }
        let deep = Array(repeating: "d", count: 140).joined(separator: "/")
        try write("1", to: "output/\(deep)/file")
        try write("1", to: "output/flat")
        var table = FileTable()
        let (pending, report) = scanner().scan(&table, number: 1)
        #expect(pending.map { table.path($0) } == ["output/flat"])
        #expect(report.skipped.first?.contains("too many directories deep") == true)
    }

    /// Needs optimised code to mean anything: see Benchmarks/sync/README.md.
    @Test(.enabled(if: scanDirectory != nil, "TRAIN_SCAN_DIRECTORY names no directory"))
    func `a scan of unchanged files takes at most half as long again as find`() async throws {
        defer { root.remove() }
        try makeDirectories(root.path + "/logs")
        let directory = scanDirectory ?? ""
        let scanner = Scanner(
            roots: [Scanner.Root(prefix: "output", directory: directory)],
            patterns: PathPatterns([]), foreign: [root.path + "/logs"])
        var table = FileTable()
        var ours = Duration.seconds(1000)
        for number in 1...7 {
            let time = ContinuousClock().measure {
                _ = scanner.scan(&table, number: UInt32(number))
            }
            if number > 1 { ours = min(ours, time) }
        }
        var theirs = Duration.seconds(1000)
        for _ in 1...6 {
            var find = Command("find", [directory, "-printf", "%s %T@ %i\\n"])
            find.output = .discard
            let start = ContinuousClock.now
            _ = try await PosixRunner().run(find)
            theirs = min(theirs, ContinuousClock.now - start)
        }
        print("scan of \(table.count) files: \(ours), find: \(theirs)")
        #expect(ours <= theirs * 1.5)
    }
}

private let scanDirectory = ProcessInfo.processInfo.environment["TRAIN_SCAN_DIRECTORY"]
