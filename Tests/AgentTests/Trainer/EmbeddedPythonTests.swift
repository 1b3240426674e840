import Shared
import Testing

@testable import Agent

@Suite struct EmbeddedPythonTests {
    @Test func `the agent carries exactly the files of the package`() throws {
        let repository = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let directory = "/\(repository)/python/ai_training_utils"
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
            .filter { $0.hasSuffix(".py") }.sorted()
        #expect(EmbeddedPython.files.map(\.name).sorted() == names)
        for (name, bytes) in EmbeddedPython.files {
            #expect(try Array(readFile("\(directory)/\(name)")) == bytes, "\(name)")
        }
    }
}
