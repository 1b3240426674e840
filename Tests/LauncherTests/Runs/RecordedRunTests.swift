import Shared
import TestSupport
import Testing

@testable import Launcher

/// Runs of the version before `RunFacts` are watched and finished by this one: their files read, and
/// are written again as they were.
@Suite struct RecordedRunTests {
    private func read(_ name: String) throws -> Data {
        try readFile(parentDirectory(#filePath) + "/Recorded/\(name).json")
    }

    private func text(_ data: Data) -> String { String(decoding: data, as: UTF8.self) + "\n" }

    @Test(arguments: ["local", "attached"])
    func `a launcher's record keeps its keys`(name: String) throws {
        let data = try read(name)
        let record = try JSONFormat.decode(RunRecord.self, from: data, name: name)
        #expect(record.run.codeName == "classifier")
        #expect(text(try JSONFormat.encode(record)) == String(decoding: data, as: UTF8.self))
    }

    @Test func `the team's document keeps its keys`() throws {
        let data = try read("shared")
        let shared = try JSONFormat.decode(SharedRun.self, from: data, name: "shared")
        #expect(shared.startLease?.host == "desk")
        #expect(text(try JSONFormat.encode(shared)) == String(decoding: data, as: UTF8.self))
    }

    @Test func `what one computer publishes another keeps, but for what is its own`() throws {
        let mine = try JSONFormat.decode(RunRecord.self, from: read("attached"), name: "attached")
        let shared = SharedRun(mine, stores: "trainabcdefghij23", variables: "{}")
        let text = text(try JSONFormat.encode(shared))
        for secret in ["credentials_path", "key.json", "code_path", "collection", "/home/anna"] {
            #expect(!text.contains(secret))
        }
        let bucket = try StoreURL(parsing: "gs://team/runs")
        let theirs = shared.record(output: bucket, stateBucket: bucket, credentialsPath: "/k")
        var facts = mine.facts
        facts.startLease = nil
        #expect(theirs.facts == facts)
        #expect(theirs.isAttached == true)
        #expect(theirs.collection == nil)
    }

    @Test(arguments: [0.0, -1, .infinity])
    func `an interval that no clock counts to is refused`(seconds: Double) throws {
        var record = try JSONFormat.decode(RunRecord.self, from: read("local"), name: "local")
        record.syncIntervalSeconds = seconds
        let data = try JSONFormat.encode(record)
        #expect(throws: Failure.self) {
            try JSONFormat.decode(RunRecord.self, from: data, name: "run.json")
        }
    }
}
