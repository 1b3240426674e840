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
        _ = try ConfigurationFile.beside(code: scratch.path)?.apply(to: &parsed)
        return try parsed.checked()
    }

    @Test func `flags stand in the file under their names`() throws {
        let arguments = try apply(
            """
            {"code_name": "c", "dataset_name": "d", "dataset_bucket": "data", "mirror": true,
             "sync_interval_seconds": 5, "grace_seconds": 2.5, "exclude": ["*.tmp", "x"],
             "env": ["A=1"], "max_duration": "2h"}
            """)
        #expect(arguments.address.codeName == "c")
        #expect(arguments.datasetBucket == "data")
        #expect(arguments.training.mirror)
        #expect(arguments.training.syncInterval.seconds == 5)
        #expect(arguments.training.grace.seconds == 2.5)
        #expect(arguments.training.exclude == ["*.tmp", "x"])
        #expect(arguments.training.environment == ["A=1"])
        #expect(arguments.training.maxDuration == .limit(TimeSpan(seconds: 7200)))
    }

    @Test func `a flag that is typed wins`() throws {
        let arguments = try apply(
            #"{"dataset_bucket": "a", "mirror": true, "exclude": ["a"], "module": "a.b"}"#,
            typed: ["--dataset-bucket=b", "--mirror=false", "--exclude", "c"])
        #expect(arguments.datasetBucket == "b")
        #expect(!arguments.training.mirror)
        #expect(arguments.training.exclude == ["c"])
        #expect(arguments.training.module == "a.b")
    }

    @Test(
        arguments: [
            ("90", 90), ("\"90\"", 90), ("\"90s\"", 90), ("\"2m\"", 120), ("\"12h\"", 43_200),
            ("\"1d\"", 86_400), ("2.5", 2.5),
        ] as [(String, Double)])
    func `every length of time is a number of seconds or a text`(value: String, seconds: Double)
        throws
    {
        let training = try apply(
            """
            {"dataset_bucket": "d", "sync_interval_seconds": \(value), "max_duration": \(value),
             "max_staleness": \(value), "transfer_timeout": \(value)}
            """
        ).training
        #expect(training.syncInterval.seconds == seconds)
        #expect(training.maxDuration.limit?.seconds == seconds)
        #expect(training.maxStaleness.seconds == seconds)
        #expect(training.transferTimeout.seconds == seconds)
    }

    @Test func `a list is an array, or one text with commas`() throws {
        let base = #""dataset_bucket": "d""#
        let zones = try [#"["a", "b"]"#, #""a,b""#].map {
            try apply("{\(base), \"zones\": \($0)}").machine.zones
        }
        #expect(zones == [["a", "b"], ["a", "b"]])
    }

    @Test func `the trainer's arguments stand in the file, and typed ones take their place`() throws
    {
        let json = #"{"dataset_bucket": "d", "arguments": ["--epochs", 5, "--rate", 0.5, ""]}"#
        #expect(try apply(json).training.arguments == ["--epochs", "5", "--rate", "0.5", ""])
        var parsed = try Parser.parse(StartArguments.self, ["--dataset_bucket", "d", "--", "x"])
        _ = try ConfigurationFile.beside(code: scratch.path)?.apply(to: &parsed)
        #expect(parsed[\.training].arguments == ["x"])
        parsed = try Parser.parse(StartArguments.self, ["--dataset_bucket", "d", "--"])
        _ = try ConfigurationFile.beside(code: scratch.path)?.apply(to: &parsed)
        #expect(parsed[\.training].arguments == [])
    }

    @Test func `no file is no mistake`() throws {
        #expect(try ConfigurationFile.beside(code: scratch.path) == nil)
    }

    @Test(arguments: [
        (#"{"modul": "x"}"#, "unknown key 'modul'"),
        (#"{"mirror": "yes"}"#, "mirror is not true or false"),
        (#"{"module": ["a"]}"#, "module is not a text or a number"),
        (#"{"module": null}"#, "module is not a text or a number"),
        (#"{"exclude": [1]}"#, "exclude is not a list of texts"),
        (#"{"module": ""}"#, "--module is empty"),
        (#"{"max_restarts": 1.5}"#, "--max_restarts '1.5'"),
        (#"{"transfer_tool": "ftp"}"#, "--transfer_tool 'ftp'"),
        (#"{"zones": ["a", 1]}"#, "zones is not a list of texts"),
        (#"{"zones": ["a", "a"]}"#, "--zones 'a,a'"),
        (#"{"arguments": "--epochs 5"}"#, "arguments is not a list of texts and numbers"),
        (#"{"arguments": [true]}"#, "arguments is not a list of texts and numbers"),
        ("[]", "is not a JSON object"), ("\"x\"", "is not a JSON object"),
        ("{", "line 1, column 2: a key in double quotes"), ("", "line 1, column 1: the text ends"),
        ("{\n  \"spot\": true\n  \"image\": 1}", "line 3, column 3: a comma or }"),
        ("{\"spot\": true,\n \"spot\": true}", "line 2, column 2: the key 'spot' stands twice"),
        (
            String(repeating: "[", count: 100_000),
            "column 33: lists and objects are nested too deep"
        ),
    ])
    func `a mistake names the file and the key`(json: String, mention: String) throws {
        let failure = #expect(throws: Failure.self) { try apply(json) }
        #expect(failure?.exit == 2)
        #expect(failure?.summary.contains("train.json") == true)
        #expect(failure?.summary.contains(mention) == true, "\(failure?.summary ?? "")")
    }

    @Test func `a file that is not UTF-8 is refused`() throws {
        try AtomicFile.write(Data([0x7B, 0xFF, 0x7D]), to: scratch.path + "/train.json")
        let failure = #expect(throws: Failure.self) {
            try ConfigurationFile.beside(code: scratch.path)
        }
        #expect(failure?.summary.contains("not UTF-8") == true)
    }

    @Test func `a pipe in its place is refused, and not waited for`() throws {
        mkfifo(scratch.path + "/train.json", 0o600)
        let failure = #expect(throws: Failure.self) {
            try ConfigurationFile.beside(code: scratch.path)
        }
        #expect(failure?.exit == 2)
        #expect(failure?.summary.contains("not a regular file") == true)
    }
}
