import Shared
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10))) struct DirectoryStoreTests {
    private func client(_ path: String) throws -> StoreClient {
        try StoreClient(url: StoreURL(parsing: path), runner: PosixRunner())
    }

    @Test func `time and bytes are kept, names of 255 bytes too`() async throws {
        let scratch = try Scratch()
        let name = String(repeating: "n", count: 255)
        let source = try scratch.tree("source", [:])
        try makeDirectories(source)
        let contents = Data("123456789".utf8)
        #expect(FileManager.default.createFile(atPath: "\(source)/\(name)", contents: contents))
        var times = [timespec(tv_sec: 1_000_000_000, tv_nsec: 123_456_789)]
        times.append(times[0])
        utimensat(AT_FDCWD, "\(source)/\(name)", times, 0)
        let store = try client(scratch.path + "/bucket")
        try await store.upload(tree: source, known: 0)
        #expect(
            try await store.list() == [StoredObject(path: name, size: 9, crc32c: 0xe306_9283)])
        var information = stat()
        stat(scratch.path + "/bucket/" + name, &information)
        #if canImport(Darwin)
            let time = information.st_mtimespec
        #else
            let time = information.st_mtim
        #endif
        #expect(time.tv_sec == 1_000_000_000 && time.tv_nsec == 123_456_789)
    }

    @Test func `a link in the store does not lead a file out of it`() async throws {
        let scratch = try Scratch()
        let source = try scratch.tree("source", ["output/model.pt": "mine", "target": "mine"])
        try scratch.tree("elsewhere", ["target": "untouched"])
        try makeDirectories(scratch.path + "/bucket")
        symlink("../elsewhere", scratch.path + "/bucket/output")
        symlink("../elsewhere/target", scratch.path + "/bucket/target")
        let store = try client(scratch.path + "/bucket")
        let failure = await #expect(throws: Failure.self) {
            try await store.upload(tree: source, known: 0)
        }
        #expect(failure?.summary.contains("a file or link is there") == true)
        try await store.upload(file: source + "/target", as: "target")
        #expect(try scratch.contents("elsewhere") == ["target": "untouched"])
        #expect(try scratch.contents("bucket") == ["target": "mine"])
    }

    @Test(arguments: ["../out", "/etc/x", "a/../../b", "a//b", "", ".", "a\0b"])
    func `a path that leads elsewhere is refused`(path: String) async throws {
        let scratch = try Scratch()
        try scratch.tree("bucket", ["a": "1"])
        let store = try client(scratch.path + "/bucket")
        await #expect(throws: Failure.self) { try await store.delete([path]) }
        await #expect(throws: Failure.self) { try await store.read(path) }
        await #expect(throws: Failure.self) {
            try await store.upload(file: scratch.path + "/bucket/a", as: path)
        }
    }

    @Test(.enabled(if: exists("/dev/full") && getuid() == 0, "mounts a small disk"))
    func `a full disk is called that, and the former file stays`() async throws {
        let scratch = try Scratch()
        let disk = scratch.path + "/disk"
        try makeDirectories(disk)
        let mounted = try await PosixRunner().run(
            Command("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]))
        guard mounted.succeeded else { return }
        let source = try scratch.tree("source", ["model.pt": "former"])
        let store = try client(disk)
        try await store.upload(tree: source, known: 0)
        try scratch.tree("source", ["model.pt": String(repeating: "x", count: 2 << 20)])
        let failure = await #expect(throws: Failure.self) {
            try await store.upload(tree: source, known: 1)
        }
        #expect(failure?.summary.contains("No space left on device") == true)
        #expect(failure?.hint?.contains("the disk is full") == true)
        #expect(try await store.read("model.pt") == Data("former".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk) == ["model.pt"])
        _ = try await PosixRunner().run(Command("umount", ["-l", disk]))
    }

    @Test func `two that write one file leave one of the two`() async throws {
        let scratch = try Scratch()
        let store = try client(scratch.path + "/bucket")
        let texts = ["a", "b"].map { String(repeating: $0, count: 3 << 20) }
        let one = try scratch.tree("0", ["x": texts[0]])
        let other = try scratch.tree("1", ["x": texts[1]])
        for _ in 0..<3 {
            async let first: Void = store.upload(file: one + "/x", as: "x")
            async let second: Void = store.upload(file: other + "/x", as: "x")
            _ = try await (first, second)
            let result = String(
                decoding: try #require(try await store.read("x")), as: UTF8.self)
            let isWhole = texts.contains(result)
            #expect(isWhole)
        }
    }

    @Test func `a source that cannot be read is named`() async throws {
        let scratch = try Scratch()
        let store = try client(scratch.path + "/bucket")
        let failure = await #expect(throws: Failure.self) {
            try await store.upload(tree: scratch.path + "/nothing", known: 0)
        }
        #expect(failure?.summary.contains("/nothing': No such file or directory") == true)
        await #expect(throws: Failure.self) {
            try await store.upload(file: scratch.path, as: "directory")
        }
    }

    @Test func `links that unfold without end are cut off`() async throws {
        let scratch = try Scratch()
        let tree = try scratch.tree("tree", ["0/file": "x"])
        // Each level holds two links to the next: 2^30 paths to one file.
        for level in 1...30 {
            try makeDirectories("\(tree)/\(level)")
            symlink("../\(level - 1)", "\(tree)/\(level)/a")
            symlink("../\(level - 1)", "\(tree)/\(level)/b")
        }
        let scan = try TreeScan(of: tree)
        #expect(scan.files.count < 1000)
        #expect(!scan.skipped.isEmpty)
    }
}
