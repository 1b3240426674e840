import Shared
import Testing

@Suite struct AtomicFileTests {
    @Test func `it replaces and leaves nothing beside`() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let path = directory.path + "/file"
        for text in ["one", "two", ""] {
            try AtomicFile.write(Data(text.utf8), to: path)
            #expect(String(decoding: try readFile(path), as: UTF8.self) == text)
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(names == ["file"])
    }

    @Test func `a secret's mode holds from the first moment`() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let path = directory.path + "/secret"
        try AtomicFile.write(Data("x".utf8), to: path, mode: 0o600)
        var information = stat()
        #expect(stat(path, &information) == 0)
        #expect(information.st_mode & 0o777 == 0o600)
    }

    @Test func `a full disk is said in words`() throws {
        guard exists("/dev/full") else { return }
        let descriptor = open("/dev/full", O_WRONLY)
        defer { close(descriptor) }
        let failure = #expect(throws: Failure.self) {
            try AtomicFile.writeAll(Data("x".utf8), to: descriptor, path: "/dev/full")
        }
        #expect(failure?.hint?.contains("disk is full") == true)
    }

    @Test(arguments: ["/proc/nothing/file", "/dev/null/file"])
    func `a directory that is not there is named`(path: String) {
        let failure = #expect(throws: Failure.self) { try AtomicFile.write(Data(), to: path) }
        #expect(failure?.summary.contains(path) == true)
    }
}
