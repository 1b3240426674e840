import Shared
import TestSupport
import Testing

@Suite struct JSONFormatTests {
    static func job() throws -> Job {
        var job = try Job.sample(
            output: "gs://o/prefix", createdAt: Date(timeIntervalSince1970: 1_700_000_000))
        job.code = .init(
            source: "gs://b/code.tar.gz", sha256: "ab", module: "m.main", arguments: ["--x", "1"])
        job.dataset = "gs://d"
        job.environment = ["MY_VARIABLE": "x", "lower_case": "y", "camelCase": "z"]
        job.maxDurationSeconds = 86400
        job.powerOff = ["systemctl", "poweroff"]
        return job
    }

    @Test func `a job survives writing and reading, keys in snake case`() throws {
        let job = try Self.job()
        let data = try JSONFormat.encode(job)
        #expect(try JSONFormat.decode(Job.self, from: data, name: "job.json") == job)
        let text = String(decoding: data, as: UTF8.self)
        for key in [
            "\"max_duration_seconds\"", "\"project_name\"", "\"MY_VARIABLE\"", "\"camelCase\"",
        ] {
            #expect(text.contains(key), "\(key)")
        }
    }

    /// What is done to a good job, and what the error must name.
    static let faults: [(from: String, to: String, names: String)] = [
        ("\"version\" : 1", "\"version\" : 2", "version is 2"),
        ("\"version\" : 1", "\"version\" : \"1\"", "'version' is not a whole number"),
        ("\"version\" : 1", "\"edition\" : 1", "'version' is missing"),
        ("\"code_name\" : \"c\"", "\"code_name\" : \"../c\"", "'run.code_name'"),
        ("\"dataset\" : ", "\"datasett\" : ", "'dataset' is missing"),
        ("\"grace_seconds\" : 20", "\"grace_seconds\" : \"x\"", "'grace_seconds' is not a number"),
        ("\"code_name\" : \"c\"", "\"code_name\" : 7", "'run.code_name' is not a text"),
        (
            "\"mirror\" : false", "\"mirror\" : false, \"mirrow\" : true",
            "unknown field 'sync.mirrow'"
        ),
        ("\"arguments\" : [", "\"arguments\" : [ 5, ", "'code.arguments[0]' is not a text"),
        ("\"created_at\" : \"", "\"created_at\" : \"x", "'created_at'"),
    ]

    @Test(arguments: faults.indices)
    func `each fault is named with its field`(index: Int) throws {
        let fault = Self.faults[index]
        let good = String(decoding: try JSONFormat.encode(Self.job()), as: UTF8.self)
        let bad = good.replacing(fault.from, with: fault.to)
        #expect(bad != good)
        let failure = #expect(throws: Failure.self) {
            try JSONFormat.decode(Job.self, from: Data(bad.utf8), name: "job.json")
        }
        #expect(failure?.summary.contains(fault.names) == true, "\(failure?.summary ?? "")")
        #expect(failure?.summary.hasPrefix("job.json: ") == true)
    }

    @Test(arguments: [
        Data(), Data("{".utf8), Data([0xff, 0xfe]), Data("[]".utf8), Data("null".utf8),
        Data(String(repeating: "[", count: 100_000).utf8),
        Data((#"{"version":1,"x":"# + String(repeating: "{\"a\":", count: 5000)).utf8),
        Data(count: JSONFormat.maximumBytes + 1), Data("\"text\"".utf8),
    ])
    func `garbage is an error and no crash`(data: Data) {
        #expect(throws: Failure.self) {
            try JSONFormat.decode(Job.self, from: data, name: "job.json")
        }
    }

    @Test func `a status with every field survives`() throws {
        var status = RunStatus(
            run: try Self.job().run, startedAt: Date(timeIntervalSince1970: 1_700_000_000))
        status.outcome = Outcome(
            kind: .setupFailed, phase: .dependencies, message: "m", lastLines: "a\nb")
        status.phases = [.init(phase: .finalSync, state: .failed, startedAt: status.startedAt)]
        status.sync.lastError = "e"
        let data = try JSONFormat.encode(status)
        #expect(try JSONFormat.decode(RunStatus.self, from: data, name: "s") == status)
        #expect(String(decoding: data, as: UTF8.self).contains("\"setup_failed\""))
    }
}
