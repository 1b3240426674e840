import Shared
import TestSupport
import Testing

/// Thousands of files, and one of 200 MB: minutes, so only where TRAIN_SLOW_TESTS is set.
///
/// In CI for gs:// through gsutil alone, which is the main road.
@Suite(
    .serialized,
    .timeLimit(.minutes(15)),
    .enabled(
        if: StoreCase.isSlowWelcome || StoreCase.isInCI,
        "set TRAIN_SLOW_TESTS to run what takes minutes"))
struct StoreVolumeTests {
    @Test(arguments: StoreCase.volume)
    func `2,000 small files go up and come back`(_ store: StoreCase) async throws {
        let scratch = try Scratch()
        let source = scratch.path + "/source"
        for index in 0..<2000 {
            let path = "\(source)/\(index % 20)/\(index)"
            try makeDirectories(parentDirectory(path))
            _ = FileManager.default.createFile(atPath: path, contents: Data("\(index)".utf8))
        }
        let client = try await store.client(in: scratch.path)
        try await client.upload(tree: source, known: 0)
        #expect(try await client.list().count == 2000)
        try await client.download(tree: "", to: scratch.path + "/back")
        let isEqual = try scratch.contents("back") == scratch.contents("source")
        #expect(isEqual)
    }

    /// Not rclone to S3, which sends 200 MiB in one request: moto takes 100 MB and no more.
    @Test(arguments: StoreCase.volume.filter { $0.scheme != "s3" || $0.tool != "rclone" })
    func `200 MB go up and come back`(_ store: StoreCase) async throws {
        let scratch = try Scratch()
        let source = try scratch.tree("source", [:])
        try makeDirectories(source)
        var bytes = (0..<(1 << 20)).map { _ in UInt8.random(in: 0...255) }
        let descriptor = open(source + "/model.pt", O_WRONLY | O_CREAT, 0o644)
        for piece in 0..<200 {
            bytes[0] = UInt8(piece)
            try AtomicFile.writeAll(Data(bytes), to: descriptor, path: source)
        }
        close(descriptor)
        let client = try await store.client(in: scratch.path)
        try await client.upload(tree: source, known: 0)
        #expect(try await client.list().map(\.size) == [200 << 20])
        try await client.download(tree: "", to: scratch.path + "/back")
        #expect(
            try CRC32C.ofFile(source + "/model.pt")
                == CRC32C.ofFile(scratch.path + "/back/model.pt"))
    }
}
