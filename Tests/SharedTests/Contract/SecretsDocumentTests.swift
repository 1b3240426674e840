import Shared
import TestSupport
import Testing

@Suite struct SecretsDocumentTests {
    @Test func `the hash of two documents of one secret differs`() throws {
        let scratch = try Scratch()
        var random = SeededRandom(seed: 1)
        for name in ["one", "two"] {
            try SecretsDocument(["TOKEN": "abc"], random: &random).write(
                to: scratch.path + "/" + name)
        }
        let texts = try ["one", "two"].map { try readFile(scratch.path + "/" + $0) }
        #expect(texts[0] != texts[1])
        #expect(texts.allSatisfy { $0.count > 60 })
        for text in texts {
            #expect(try SecretsDocument(reading: text, name: "x").secrets == ["TOKEN": "abc"])
        }
        var information = stat()
        #expect(stat(scratch.path + "/one", &information) == 0)
        #expect(information.st_mode & 0o777 == 0o600)
    }

    @Test func `a document of a former version is read`() throws {
        let former = Data(#"{"TOKEN": "abc", "secrets": "a variable of that name"}"#.utf8)
        #expect(
            try SecretsDocument(reading: former, name: "x").secrets
                == ["TOKEN": "abc", "secrets": "a variable of that name"])
    }

    @Test(arguments: [#"{"TOKEN": 5}"#, #"["abc"]"#, "abc", ""])
    func `what cannot be read is not repeated`(text: String) {
        let failure = #expect(throws: Failure.self) {
            try SecretsDocument(reading: Data(text.utf8), name: "/etc/train/secrets.json")
        }
        #expect(failure?.summary == "/etc/train/secrets.json: not a JSON object of names and texts")
        #expect(failure?.detail == nil && failure?.hint == nil)
    }
}
