import Shared
import Testing

@testable import Agent

@Suite struct OutputLookTests {
    @Test func `only whole checkpoints count, and what is new`() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let began = Date(timeIntervalSinceNow: -60)
        func look(_ incomplete: [String] = []) -> OutputLook {
            OutputLook(directory.path, since: began, incomplete: incomplete)
        }
        #expect(!look().hasNew)
        for path in ["checkpoint-5/a", "checkpoint-5/b", "checkpoint-50/a"] {
            try makeDirectories(parentDirectory(directory.path + "/" + path))
            try AtomicFile.write(Data("x".utf8), to: directory.path + "/" + path)
        }
        #expect(look().hasNew)
        #expect(look().checkpoint == 50)
        #expect(look(["checkpoint-50/a"]).checkpoint == 5)
        #expect(look(["checkpoint-5/b"]).checkpoint == 50)
        let later = OutputLook(
            directory.path, since: Date(timeIntervalSinceNow: 3600), incomplete: [])
        #expect(!later.hasNew)
        let unknown = OutputLook(directory.path, since: nil, incomplete: [])
        #expect(unknown.hasNew)
        #expect(unknown.checkpoint == 50)
        #expect(OutputLook(directory.path + "/no", since: began, incomplete: []).hasNew)
    }
}
