import Shared
import Testing

/// All that reaches a terminal passes one filter, whoever adds a place that prints.
@Suite struct OutputChannelsTests {
    /// They filter, write to a pipe that one of ours reads or to the trainer's own log, or show a
    /// run by hand the output of the user's own program, as starting it would.
    private static let allowed = [
        "Console.swift", "DirectoryStoreCommand.swift", "Keeper.swift", "ChildStreams.swift",
        "ForegroundOutput.swift",
    ]
    private static let sources =
        (1...4).reduce("\(#filePath)") { path, _ in parentDirectory(path) } + "/Sources"

    @Test func `nothing else writes to stdout or stderr`() throws {
        let writes = try Regex(
            #"(^|[^."A-Za-z])print\(|FileHandle|STD(OUT|ERR)_FILENO|\bfputs|dprintf|, to: [12],"#)
        var others: [String] = []
        for file in try TreeScan(of: Self.sources).files where file.path.hasSuffix(".swift") {
            let name = fileName(of: file.path)
            guard !Self.allowed.contains(name) else { continue }
            let text = String(decoding: try readFile(file.source), as: UTF8.self)
            for line in text.split(separator: "\n") where line.contains(writes) {
                // Python's own, in the text of a query.
                guard !line.contains("import sysconfig"), !line.contains("m.distributions()") else {
                    continue
                }
                others.append("\(name): \(line)")
            }
        }
        #expect(others == [])
    }

    @Test func `the log is one line for each record, and steers no terminal`() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let log = Log(toStandardError: false)
        log.open(file: directory.path + "/agent.log")
        log.info("one\u{1B}[2J\u{202E}\n2026-01-01T00:00:00Z INFO the last sync is verified")
        let text = String(decoding: try readFile(directory.path + "/agent.log"), as: UTF8.self)
        let lines = text.split(separator: "\n")
        #expect(lines.count == 2 && lines[0].hasSuffix("INFO one[2J"))
        #expect(lines[1] == "    2026-01-01T00:00:00Z INFO the last sync is verified")
    }
}
