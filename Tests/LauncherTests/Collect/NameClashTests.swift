import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite struct NameClashTests {
    private func manifest(_ paths: String...) -> Manifest {
        Manifest(
            generation: 1, createdAt: Date(timeIntervalSince1970: 0), final: true,
            files: paths.map { Manifest.Entry(path: $0, size: 1, mtime: 0, crc32c: 0) })
    }

    /// As a disk that holds upper and lower case, and the ways to write an accent, for one name.
    private func folding(_ path: String) -> NameClash.Identity? {
        // Texts are equal, and hash alike, whichever way an accent is written.
        let inode = UInt64(bitPattern: Int64(path.lowercased().hashValue))
        return .init(device: 1, inode: inode, names: 1)
    }

    @Test func `two names that are one file on this disk are told`() {
        let manifest = manifest(
            "output/A.bin", "output/a.bin", "output/b.bin", "output/\u{e9}", "output/e\u{301}")
        #expect(
            NameClash.find(manifest, identity: folding).map {
                $0.description.replacing(/:.*/, with: "")
            } == [
                "'output/a.bin' is the same file as 'output/A.bin' on this disk",
                "'output/e\u{301}' is the same file as 'output/\u{e9}' on this disk",
            ])
    }

    @Test func `hard links, and what is not there, are no clash`() throws {
        let scratch = try Scratch()
        try scratch.write("x", to: "output/a")
        #expect(link(scratch.path + "/output/a", scratch.path + "/output/b") == 0)
        let manifest = manifest("output/a", "output/b", "output/c")
        let clashes = NameClash.find(manifest) { NameClash.identity(at: "\(scratch.path)/\($0)") }
        #expect(clashes.isEmpty)
    }
}
