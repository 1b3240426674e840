import Shared
import Testing

@testable import Agent

@Suite(.enabled(if: isInstalled("python3") && isDirectory("/proc/self/fd"), "no python3 or /proc"))
struct WriterDetectorTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var code: String
        var isWritable: Bool
    }

    static let rows = [
        Row(testDescription: "reading", code: "f = open(path)", isWritable: false),
        Row(testDescription: "writing", code: "f = open(path, 'r+')", isWritable: true),
        Row(testDescription: "appending", code: "f = open(path, 'a')", isWritable: true),
        Row(
            testDescription: "mapped shared, closed",
            code: "f = open(path, 'r+'); m = mmap.mmap(f.fileno(), 0); f.close()",
            isWritable: true),
        Row(
            testDescription: "mapped privately, closed",
            code: "f = open(path, 'rb'); m = mmap.mmap(f.fileno(), 0, mmap.MAP_PRIVATE); f.close()",
            isWritable: false),
        Row(testDescription: "closed", code: "open(path, 'r+').close()", isWritable: false),
        Row(
            testDescription: "renamed while open",
            code: "f = open(path, 'r+'); os.rename(path, path + '2'); os.rename(path + '2', path)",
            isWritable: true),
    ]

    @Test(arguments: rows) func `a process that can write is seen`(row: Row) async throws {
        let root = try TemporaryDirectory()
        defer { root.remove() }
        let path = root.path + "/a file"
        try AtomicFile.write(Data("content".utf8), to: path)
        let script = """
            import mmap, os, sys, time
            path = sys.argv[1]
            \(row.code)
            open(path + '.ready', 'w').close()
            time.sleep(60)
            """
        let process = try PosixRunner().start(Command("python3", ["-c", script, path]))
        while !exists(path + ".ready") { try await Task.sleep(for: .milliseconds(5)) }
        var information = stat()
        #expect(stat(path, &information) == 0)
        let file = WriterDetector.Identity(information)
        let other = WriterDetector.Identity(device: file.device &+ 1, inode: file.inode)
        for openFiles in [WriterDetector(), WriterDetector(usesLeases: false)] {
            let found = openFiles.writable(among: [file: path, other: path])
            #expect(found == (row.isWritable ? [file] : []))
        }
        process.send(SIGKILL)
        _ = await process.wait()
        #expect(WriterDetector().writable(among: [file: path]) == [])
    }
}
