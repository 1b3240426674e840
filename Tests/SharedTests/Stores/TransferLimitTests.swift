import TestSupport
import Testing

@testable import Shared

/// A bucket's objects have whatever size somebody gave them; what comes of them has a limit.
@Suite(.serialized, .timeLimit(.minutes(10))) struct TransferLimitTests {
    @Test func `what passes its limit is stopped, its descendants too`() async throws {
        let scratch = try Scratch()
        let file = scratch.path + "/growing"
        // A grandchild writes for ever: who waits for its end waits in vain.
        let command = Command(
            "/bin/sh",
            ["-c", "(while :; do head -c 65536 /dev/zero >> \"$1\"; done) & wait", "sh", file])
        let limit = TransferLimit(on: file, bytes: 1 << 20, name: "the object")
        let watch = StallWatch(timeout: .seconds(600))
        let failure = await #expect(throws: Failure.self) {
            try await watch.run(command, within: limit, with: PosixRunner())
        }
        #expect(failure?.reason == .tooLarge)
        #expect(
            failure?.summary
                == "the object is larger than 1048576 bytes; its transfer was stopped")
        try await Eventually.holds {
            let size = TreeSize(of: file).bytes
            try await Task.sleep(for: .milliseconds(50))
            return TreeSize(of: file).bytes == size
        }
    }

    @Test func `what was there before does not count`() async throws {
        let scratch = try Scratch()
        let tree = try scratch.tree("tree", ["old": String(repeating: "x", count: 5000)])
        let limit = TransferLimit(on: tree, bytes: 100, name: "the tree")
        #expect(!limit.isPassed)
        try scratch.tree("tree", ["new": String(repeating: "x", count: 100)])
        #expect(!limit.isPassed)
        try scratch.tree("tree", ["newer": "x"])
        #expect(limit.isPassed)
    }

    @Test func `a limit beyond what can be counted traps nowhere`() throws {
        let scratch = try Scratch()
        let tree = try scratch.tree("tree", ["old": "x"])
        #expect(!TransferLimit(on: tree, bytes: .max, name: "the tree").isPassed)
        #expect(TransferLimit.withSlack(.max) == .max)
    }

    /// A quick tool may end between two looks: the size counts then too.
    @Test(arguments: StoreCase.here)
    func `an object beyond its limit is not handed on, and not fetched once more`(
        _ store: StoreCase
    ) async throws {
        let scratch = try Scratch()
        let source = try scratch.tree("source", ["big": String(repeating: "x", count: 5000)])
        let client = try await store.client(in: scratch.path)
        try await client.upload(file: source + "/big", as: "big")
        let failure = await #expect(throws: Failure.self) {
            try await client.read("big", limit: 4999)
        }
        #expect(failure?.reason == .tooLarge, "\(failure as Any)")
        #expect(try await client.read("big", limit: 5000)?.count == 5000)
        await #expect(throws: Failure.self) {
            try await client.download(object: "big", to: scratch.path + "/big", limit: 4999)
        }
        #expect(try scratch.contents("").keys.filter { !$0.contains("/") } == [])
    }

    /// moto has no brake.
    @Test(arguments: StoreCase.remote.filter { $0.kind != .amazon })
    func `a transfer ends when its limit is passed, not when the object does`(
        _ store: StoreCase
    ) async throws {
        let scratch = try Scratch()
        let size = 64 << 20
        let emulator = try await Emulator.start(try #require(store.kind))
        defer { emulator.stop() }
        let client = try await store.client(in: scratch.path, emulator: emulator)
        let source = scratch.path + "/big"
        try AtomicFile.write(Data(), to: source)
        #expect(truncate(source, off_t(size)) == 0)
        try await client.upload(file: source, as: "big")
        try emulator.limit(bytesPerSecond: 8 << 20)
        _ = try emulator.requests()
        let failure = await #expect(throws: Failure.self) {
            try await client.read("big", limit: 1 << 20)
        }
        #expect(failure?.reason == .tooLarge, "\(failure as Any)")
        try emulator.limit(bytesPerSecond: 0)
        let sent = try emulator.requests(keeping: true).compactMap(\.sent).reduce(0, +)
        #expect(sent < size / 2, "\(sent) bytes came")
    }

    @Test func `temporary files lie on a disk, where there is one`() throws {
        let scratch = try Scratch()
        let inMemory = try TemporaryDirectory(
            prefix: "limit", below: scratch.path, isInMemory: { $0 == scratch.path })
        defer { inMemory.remove() }
        #expect(inMemory.path.hasPrefix("/var/tmp/limit."))
        let onDisk = try TemporaryDirectory(
            prefix: "limit", below: scratch.path, isInMemory: { _ in false })
        defer { onDisk.remove() }
        #expect(onDisk.path.hasPrefix(scratch.path + "/limit."))
        // Where all is in memory, what the user chose counts.
        let neither = try TemporaryDirectory(
            prefix: "limit", below: scratch.path, isInMemory: { _ in true })
        defer { neither.remove() }
        #expect(neither.path.hasPrefix(scratch.path + "/limit."))
    }
}
