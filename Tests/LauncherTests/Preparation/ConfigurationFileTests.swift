import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite struct ConfigurationFileTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func apply(_ json: String, typed: [String] = []) throws -> StartArguments {
        try scratch.write(json, to: "train.json")
        var parsed = try Parser.parse(StartArguments.self, typed + ["--code_path", scratch.path])
        try ConfigurationFile.apply(in: scratch.path, to: &parsed)
        return try parsed.checked()
    }

    @Test func `flags stand in the file under their names`() throws {
        let arguments = try apply(
            """
            {"code_name": "c", "dataset_name": "d", "dataset_bucket": "data", "mirror": true,
             "sync_interval_seconds": 5, "grace_seconds": 2.5, "exclude": ["*.tmp", "x"],
             "env": ["A=1"], "max_duration": "never"}
            """)
        #expect(arguments.address.codeName == "c")
        #expect(arguments.datasetBucket == "data")
        #expect(arguments.mirror)
        #expect(arguments.syncIntervalSeconds == 5)
        #expect(arguments.graceSeconds == 2.5)
        #expect(arguments.exclude == ["*.tmp", "x"])
        #expect(arguments.environment == ["A=1"])
        #expect(arguments.maxDuration == .never)
    }

    @Test func `a flag that is typed wins`() throws {
        let arguments = try apply(
            #"{"dataset_bucket": "a", "mirror": true, "exclude": ["a"], "module": "a.b"}"#,
            typed: ["--dataset-bucket=b", "--mirror=false", "--exclude", "c"])
        #expect(arguments.datasetBucket == "b")
        #expect(!arguments.mirror)
        #expect(arguments.exclude == ["c"])
        #expect(arguments.module == "a.b")
    }

    @Test func `no file is no mistake`() throws {
        var parsed = try Parser.parse(StartArguments.self, [])
        try ConfigurationFile.apply(in: scratch.path, to: &parsed)
    }

    @Test(arguments: [
        (#"{"modul": "x"}"#, "unknown key 'modul'"),
        (#"{"code_path": "x"}"#, "'code_path' can only be typed"),
        (#"{"wait": true}"#, "'wait' can only be typed"),
        (#"{"mirror": "yes"}"#, "mirror is not true or false"),
        (#"{"module": ["a"]}"#, "module is not a text or a number"),
        (#"{"module": null}"#, "module is not a text or a number"),
        (#"{"exclude": [1]}"#, "exclude is not a list of texts"),
        (#"{"module": ""}"#, "--module is empty"),
        (#"{"max_restarts": 1.5}"#, "--max_restarts '1.5'"),
        (#"{"transfer_tool": "ftp"}"#, "--transfer_tool 'ftp'"),
        ("[]", "is not a JSON object"), ("{", "is not a JSON object"), ("", "is not a JSON object"),
        (String(repeating: "[", count: 100_000), "is not a JSON object"),
    ])
    func `a mistake names the file and the key`(json: String, mention: String) throws {
        let failure = #expect(throws: Failure.self) { try apply(json) }
        #expect(failure?.exit == 2)
        #expect(failure?.summary.contains("train.json") == true)
        #expect(failure?.summary.contains(mention) == true, "\(failure?.summary ?? "")")
    }

    @Test func `a file that is not UTF-8 is refused`() throws {
        try AtomicFile.write(Data([0x7B, 0xFF, 0x7D]), to: scratch.path + "/train.json")
        var parsed = try Parser.parse(StartArguments.self, [])
        let failure = #expect(throws: Failure.self) {
            try ConfigurationFile.apply(in: scratch.path, to: &parsed)
        }
        #expect(failure?.summary.contains("not UTF-8") == true)
    }
}
