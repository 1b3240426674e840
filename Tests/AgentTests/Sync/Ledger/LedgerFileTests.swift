import Shared
import Testing

@testable import Agent

@Suite struct LedgerFileTests {
    private let stamp = FileVersion(size: 7, mtime: -1, ctime: 3, inode: 9)

    private var entries: [LedgerFile.Entry] {
        [
            .uploaded(
                "output/a b\"\\é", FileTable.Uploaded(stamp: stamp, size: 6, crc32c: .max)),
            .uploaded(
                "output/b",
                FileTable.Uploaded(stamp: stamp, size: 6, crc32c: 0, md5: MD5.of(Data("b".utf8)))),
            .pendingDeletion("output/x"), .deleted("output/x"), .superseded("output/y", stamp),
            .halfWritten("output/h", stamp), .manifest(12, final: false),
            .manifest(13, final: true), .restored,
        ]
    }

    @Test func `what is appended is read back`() throws {
        let root = try TemporaryDirectory()
        defer { root.remove() }
        var journal = LedgerFile(path: root.path + "/index.tsv")
        #expect(journal.load() == [])
        try journal.append(Array(entries.prefix(3)))
        try journal.append(Array(entries.dropFirst(3)))
        journal.shut()
        var again = LedgerFile(path: root.path + "/index.tsv")
        #expect(again.load() == entries)
        #expect(!again.isDamaged)
        try again.rewrite([.manifest(1, final: false)])
        try again.append([.restored])
        again.shut()
        #expect(again.load() == [.manifest(1, final: false), .restored])
    }

    @Test(arguments: [1, 5, 20]) func `half a line at the end is dropped`(cut: Int) throws {
        let root = try TemporaryDirectory()
        defer { root.remove() }
        let path = root.path + "/index.tsv"
        var journal = LedgerFile(path: path)
        try journal.rewrite(
            entries + [.uploaded("output/z", .init(stamp: stamp, size: 1, crc32c: 1))])
        let data = try readFile(path)
        try AtomicFile.write(data.dropLast(cut), to: path)
        #expect(journal.load() == entries)
        #expect(journal.isDamaged)
    }

    @Test(arguments: [
        "U\t1\t2\n", "\u{0}\u{0}\n", "M\tx\t\n", "M\t3\n", "U\t1\t1\t1\t1\t1\t-1\t\tp\n",
        "U\t1\t1\t1\t1\t1\t1\tx\tp\n", "?\n",
    ])
    func `nonsense ends the reading`(line: String) throws {
        let root = try TemporaryDirectory()
        defer { root.remove() }
        let path = root.path + "/index.tsv"
        try AtomicFile.write(Data("M\t3\t\n\(line)restored\n".utf8), to: path)
        var journal = LedgerFile(path: path)
        #expect(journal.load() == [.manifest(3, final: false)])
        #expect(journal.isDamaged)
    }
}
