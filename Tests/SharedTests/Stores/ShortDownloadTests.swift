import TestSupport
import Testing

@testable import Shared

/// A dataset that is shorter than its bucket is said, whatever the tool.
@Suite(.serialized, .timeLimit(.minutes(10))) struct ShortDownloadTests {
    /// What a tool leaves out without a word, or follows out of the directory.
    static let hostile = ["../../EVIL", "/abs/x", "a//b", "x/../y", "./dot"]

    @Test(arguments: StoreCase.remote, hostile)
    func `a name that is no path below a directory is refused by name`(
        _ store: StoreCase, name: String
    ) async throws {
        let scratch = try Scratch()
        let kind = try #require(store.kind)
        let emulator = try await Emulator.shared(kind)
        let bucket = try await emulator.makeBucket()
        let client = try await store.client(in: scratch.path, emulator: emulator, bucket: bucket)
        try emulator.put(Data("1".utf8), bucket: bucket, name: "some/prefix/ok")
        try emulator.put(Data("evil".utf8), bucket: bucket, name: "some/prefix/\(name)")
        // moto takes no key that leads out of its bucket.
        let isThere = try await client.list().contains { $0.path != "ok" }
        guard isThere || kind != .amazon else { return }
        let failure = await #expect(throws: Failure.self) {
            try await client.download(tree: "", to: scratch.path + "/inside/back")
        }
        #expect(
            failure?.summary.contains(quoted(name)) == true
                && failure?.summary.contains("no path below a directory") == true,
            "\(failure as Any)")
        let all = try scratch.contents("")
        #expect(!all.values.contains("evil"), "\(all)")
    }

    @Test(arguments: StoreCase.remote)
    func `an object whose name others go below is named`(_ store: StoreCase) async throws {
        let scratch = try Scratch()
        let emulator = try await Emulator.shared(try #require(store.kind))
        let bucket = try await emulator.makeBucket()
        let client = try await store.client(in: scratch.path, emulator: emulator, bucket: bucket)
        for name in ["e", "e/f"] {
            try emulator.put(Data("1".utf8), bucket: bucket, name: "some/prefix/\(name)")
        }
        let failure = await #expect(throws: Failure.self) {
            try await client.download(tree: "", to: scratch.path + "/back")
        }
        #expect(failure?.summary.contains("'e' and objects below") == true, "\(failure as Any)")
        #expect(try scratch.contents("back") == [:])
    }

    /// A tool that says it did all of it.
    enum Lie: CaseIterable { case missing, shorter }

    @Test(arguments: StoreCase.here, Lie.allCases)
    func `what did not come as it is listed is named, though the tool is content`(
        _ store: StoreCase, lie: Lie
    ) async throws {
        let scratch = try Scratch()
        let source = try scratch.tree("source", ["a": "12345", "sub/b": "123"])
        let back = scratch.path + "/back"
        let client = try await store.client(in: scratch.path) { runner in
            MeddlingRunner(inner: runner) { try Self.meddle(with: back, lie) }
        }
        try await client.upload(tree: source, known: 0)
        let failure = await #expect(throws: Failure.self) {
            try await client.download(tree: "", to: back)
        }
        let words = lie == .missing ? "'sub/b' did not come" : "'sub/b' has 2 bytes, 3 are in"
        #expect(failure?.summary.contains(words) == true, "\(failure as Any)")
    }

    /// Spoils `b`, where it gathers or where it came to.
    private static func meddle(with back: String, _ lie: Lie) throws {
        let scan = try TreeScan(of: back)
        let gathered = scan.halfWritten.map { "\(back)/\($0)/sub/b" }
        for file in gathered + ["\(back)/sub/b"] where exists(file) {
            switch lie {
            case .missing: unlink(file)
            case .shorter: truncate(file, 2)
            }
        }
    }

    @Test func `what a directory holds and no store can is told`() async throws {
        let scratch = try Scratch()
        let bucket = try scratch.tree("bucket", ["a": "1"])
        #expect(symlink("/etc/passwd", bucket + "/out") == 0)
        #expect(mkfifo(bucket + "/pipe", 0o600) == 0)
        let client = try StoreClient(url: StoreURL(parsing: bucket), runner: PosixRunner())
        var told: [String] = []
        try await client.download(tree: "", to: scratch.path + "/back") { told = $0 }
        #expect(
            told.sorted() == [
                "left out 'out': a link out of the tree",
                "left out 'pipe': neither a file nor a directory",
            ])
        #expect(try scratch.contents("back") == ["a": "1"])
    }

    @Test func `an object that is unpacked as it comes has another size`() throws {
        let scratch = try Scratch()
        try scratch.tree("tree", ["a": "12345"])
        let text = """
            gs://b/p/a:
                Content-Encoding:       gzip
                Content-Length:         2
            TOTAL: 1 objects, 2 bytes
            """
        let objects = try GoogleListing.objects(
            in: text, under: StoreURL(scheme: "gs", bucket: "b", path: "p"))
        let listing = TreeListing(objects: objects)
        #expect(listing.gaps(in: scratch.path + "/tree") { [$0] } == [])
        #expect(listing.bytes == 64)
    }
}

/// Runs commands as another runner does, and meddles with what each left.
private struct MeddlingRunner: CommandRunner {
    let inner: any CommandRunner
    let meddle: @Sendable () throws -> Void

    func start(
        _ command: Command, onOutput: (@Sendable (ArraySlice<UInt8>) -> Void)?
    ) throws -> any RunningCommand {
        Meddled(inner: try inner.start(command, onOutput: onOutput), meddle: meddle)
    }

    private struct Meddled: RunningCommand {
        let inner: any RunningCommand
        let meddle: @Sendable () throws -> Void
        var pid: Int32 { inner.pid }
        func wait() async -> CommandResult {
            let result = await inner.wait()
            try? meddle()
            return result
        }
        func send(_ signal: Int32) { inner.send(signal) }
    }
}
