import Shared
import Testing

@testable import Agent

@Suite struct FileTableTests {
    @Test func `thousands of paths are found again, and sorted by their bytes`() {
        var table = FileTable()
        let paths =
            (0..<5000).map { "output/\($0 % 70)/file \($0)" } + ["output/é", "output/e\u{301}"]
        let indexes = paths.map { table.index(of: $0) }
        #expect(indexes == Array(paths.indices))
        #expect(paths.map { table.index(of: $0) } == indexes)
        #expect(paths.map { table.existing($0) } == indexes)
        #expect(table.existing("output/none") == nil)
        #expect(indexes.map { table.path($0).utf8.elementsEqual(paths[$0].utf8) }.allSatisfy { $0 })
        let sorted = indexes.sorted { table.isOrdered($0, $1) }.map { Array(paths[$0].utf8) }
        #expect(sorted == paths.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) })
    }

    @Test func `compacting forgets what is neither here nor in the bucket`() {
        var table = FileTable()
        for number in 0..<10_000 { table[table.index(of: "output/\(number)")].seen = 1 }
        let uploaded = FileTable.Uploaded(
            stamp: FileVersion(size: 1, mtime: 2, ctime: 3, inode: 4), size: 1, crc32c: 5)
        table[table.index(of: "output/7")].up = uploaded
        table[table.index(of: "output/8")].seen = 2
        table[table.index(of: "output/9")].flags = .pendingDeletion
        table.compact(scan: 2)
        #expect(table.count == 3)
        #expect(table.existing("output/7").map { table[$0].up } == uploaded)
        #expect(table.existing("output/8").map { table[$0].seen } == 2)
        #expect(table.existing("output/10") == nil)
    }
}

@Suite struct ManifestTextTests {
    @Test func `what is written by hand reads as the contract says`() throws {
        let files = [
            Manifest.Entry(path: "logs/\"quoted\" \\ 😀 é", size: 0, mtime: -5, crc32c: .max),
            Manifest.Entry(path: "output/x", size: .max, mtime: .max, crc32c: 0),
            Manifest.Entry(path: "stray/x", size: 0, mtime: 0, crc32c: 1),
        ]
        let time = Date(timeIntervalSince1970: 1_700_000_000)
        for files in [[], files] {
            var text = ManifestText(generation: 3, createdAt: time, final: true, files: files.count)
            for file in files {
                text.add(file.path, size: file.size, mtime: file.mtime, crc32c: file.crc32c)
            }
            let directories = files.isEmpty ? [] : ["output/\"empty\"", "logs/x"]
            let links =
                files.isEmpty ? [] : [Manifest.Link(path: "output/\"l\"", target: "output/d")]
            let read = try JSONFormat.decode(
                Manifest.self, from: text.finish(emptyDirectories: directories, links: links),
                name: "m")
            var expected = Manifest(generation: 3, createdAt: time, final: true, files: files)
            expected.emptyDirectories = directories
            expected.links = links
            #expect(read == expected)
            #expect(
                try JSONFormat.decode(
                    Manifest.self, from: JSONFormat.encode(expected), name: "m") == expected)
        }
    }
}
