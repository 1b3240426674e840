import Shared
import Testing

@testable import Launcher

/// How the doctor takes each cloud's quotas.
@Suite struct QuotaTests {
    enum Level: String, Sendable { case good, warning, problem }

    private func level(_ verdict: CheckResult) -> Level {
        switch verdict {
        case .good: .good
        case .warning: .warning
        case .problem: .problem
        }
    }

    private func text(_ verdict: CheckResult) -> String {
        switch verdict {
        case .good(let text), .warning(let text, _), .problem(let text, _): text
        }
    }

    @Test(arguments: [
        (
            "{\"quotas\": [{\"metric\": \"GPUS_ALL_REGIONS\", \"limit\": 2.0, \"usage\": 1.0}]}",
            Level.good
        ),
        (
            "{\"quotas\": [{\"metric\": \"GPUS_ALL_REGIONS\", \"limit\": 1.0, \"usage\": 1.0}]}",
            .problem
        ),
        ("{\"quotas\": []}", .problem), ("nonsense", .problem),
    ])
    func `a Google project without a free GPU is told`(answer: String, expected: Level) {
        #expect(level(GoogleQuota.everywhere(answer)) == expected)
    }

    private func google(_ quotas: [(String, Int, Int)]) -> String {
        let rows = quotas.map {
            "{\"metric\": \"\($0.0)\", \"limit\": \($0.1).0, \"usage\": \($0.2).0}"
        }
        return "{\"quotas\": [\(rows.joined(separator: ", "))]}"
    }

    @Test func `a Google region's quotas are shown by the kind of GPU, spot and not`() {
        let verdict = GoogleQuota.inRegion(
            google([
                ("CPUS", 24, 0), ("NVIDIA_L4_GPUS", 2, 1), ("PREEMPTIBLE_NVIDIA_T4_GPUS", 1, 0),
                ("NVIDIA_A100_GPUS", 0, 0), ("COMMITTED_NVIDIA_L4_GPUS", 4, 0),
                ("NVIDIA_T4_VWS_GPUS", 1, 0),
            ]))
        #expect(
            verdict
                == .good("NVIDIA_L4_GPUS 1 of 2 in use, PREEMPTIBLE_NVIDIA_T4_GPUS 0 of 1 in use"))
    }

    @Test func `a Google region whose GPUs are all in use is a problem`() {
        let verdict = GoogleQuota.inRegion(google([("CPUS", 24, 0), ("NVIDIA_L4_GPUS", 1, 1)]))
        #expect(level(verdict) == .problem)
        #expect(text(verdict).contains("NVIDIA_L4_GPUS 1 of 1 in use"))
        #expect(level(GoogleQuota.inRegion(google([("CPUS", 24, 0)]))) == .problem)
        #expect(level(GoogleQuota.inRegion("nonsense")) == .problem)
    }

    private func amazon(_ values: [(String, Int)]) -> String {
        let rows = values.map {
            "{\"code\": \"\($0.0)\", \"name\": \"quota \($0.0)\", \"value\": \($0.1).0}"
        }
        return "[\(rows.joined(separator: ", "))]"
    }

    @Test(arguments: [
        ([("L-DB2E81BA", 8), ("L-417A185B", 0)], Level.good),
        // P or spot machines alone: the default machine is neither.
        ([("L-DB2E81BA", 0), ("L-417A185B", 96)], .warning),
        ([("L-DB2E81BA", 0), ("L-3819A6DF", 64)], .warning),
        ([("L-DB2E81BA", 3), ("L-417A185B", 0), ("L-3819A6DF", 0)], .problem),
        ([], .problem),
    ])
    func `each of AWS's GPU families counts, on demand and spot`(
        values: [(String, Int)], expected: Level
    ) {
        let verdict = AmazonQuota.result(amazon(values))
        #expect(level(verdict) == expected)
        for (code, value) in values { #expect(text(verdict).contains("quota \(code) \(value)")) }
    }

    @Test func `AWS is asked for every quota on GPU machines`() throws {
        let words = AmazonQuota.query(region: "eu-west-1")
        let filter = try #require(words.first { $0.hasPrefix("Quotas[") })
        for code in ["L-DB2E81BA", "L-417A185B", "L-3819A6DF", "L-7212CCBC", "L-C4BD4855"] {
            #expect(filter.contains("\"\(code)\""))
        }
        #expect(level(AmazonQuota.result("None")) == .problem)
    }

    @Test(arguments: [
        ("standardNCASv3_T4Family", "\"8\"", 0, Level.good),
        ("standardNCASv3_T4Family", "8", 4, .good),
        ("standardNCASv3_T4Family", "\"8\"", 5, .problem),
        ("lowPriorityCores", "\"100\"", 0, .warning),
    ])
    func `Azure's families and its spot machines are told apart`(
        name: String, limit: String, used: Int, expected: Level
    ) {
        let verdict = AzureQuota.result(
            "[{\"name\": \"\(name)\", \"limit\": \(limit), \"used\": \(used)}]")
        #expect(level(verdict) == expected)
        #expect(text(verdict).contains("\(name) \(used) of "))
        #expect(level(AzureQuota.result("nonsense")) == .problem)
    }
}
