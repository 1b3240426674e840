import Dispatch
import Shared
import Synchronization
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

    @Test func `a write that fails closes nobody else's file`() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let path = directory.path + "/taken"
        try makeDirectories(path + "/by a directory")
        let isOver = Latch()
        let lost = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: 2) { worker in
            if worker == 0 {
                for _ in 1...2000 { try? AtomicFile.write(Data("x".utf8), to: path) }
                return isOver.set()
            }
            while !isOver.isSet {
                let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
                for _ in 1...20 { sched_yield() }
                if fcntl(descriptor, F_GETFD) < 0 || close(descriptor) != 0 {
                    lost.withLock { $0 += 1 }
                }
            }
        }
        #expect(lost.withLock { $0 } == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["taken"])
    }

    @Test(arguments: ["/proc/nothing/file", "/dev/null/file"])
    func `a directory that is not there is named`(path: String) {
        let failure = #expect(throws: Failure.self) { try AtomicFile.write(Data(), to: path) }
        #expect(failure?.summary.contains(path) == true)
    }
}
