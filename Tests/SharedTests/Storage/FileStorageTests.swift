import Shared
import Testing

@Suite struct FileStorageTests {
    @Test func `a tree goes up, is listed with checksums, and comes back`() async throws {
        let root = try TemporaryDirectory()
        defer { root.remove() }
        try makeDirectories(root.path + "/source/sub")
        try AtomicFile.write(Data("123456789".utf8), to: root.path + "/source/sub/ck#123")
        try AtomicFile.write(Data(), to: root.path + "/source/empty")
        let store = try StoreClient(
            url: StoreURL(parsing: root.path + "/bucket"), runner: PosixRunner())
        #expect(try await store.list().isEmpty)
        try await store.upload(tree: root.path + "/source", changed: 2, known: 0)
        #expect(
            try await store.list() == [
                StoredObject(path: "empty", size: 0, crc32c: 0),
                StoredObject(path: "sub/ck#123", size: 9, crc32c: 0xe306_9283),
            ])
        try await store.download(tree: "", to: root.path + "/back")
        #expect(try readFile(root.path + "/back/sub/ck#123") == Data("123456789".utf8))
        #expect(try await store.read("none") == nil)
    }
}
