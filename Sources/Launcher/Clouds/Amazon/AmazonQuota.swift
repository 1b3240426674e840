import Shared

/// The quotas on GPU machines, all counted in vCPUs: one for each family and way of renting.
enum AmazonQuota {
    /// By Service Quotas' codes, the default machine's first.
    static let codes = [
        "L-DB2E81BA",  // Running On-Demand G and VT instances
        "L-417A185B",  // Running On-Demand P instances
        "L-3819A6DF",  // All G and VT Spot Instance Requests
        "L-7212CCBC",  // All P4, P3 and P2 Spot Instance Requests
        "L-C4BD4855",  // All P5 Spot Instance Requests
    ]
    /// What the smallest of the machines takes, the default among them.
    private static let least = 4.0

    private struct Quota: Decodable {
        var code: String
        var name: String
        var value: Double
    }

    static func query(region: String) -> [String] {
        let list = codes.map { "\"\($0)\"" }.joined(separator: ",")
        return ["service-quotas", "list-service-quotas", "--service-code", "ec2", "--query"]
            + [
                "Quotas[?contains(`[\(list)]`,QuotaCode)].{code:QuotaCode,name:QuotaName,value:Value}"
            ]
            + ["--output", "json", "--region", region]
    }

    @Sendable static func result(_ text: String) -> CheckResult {
        guard let all = try? JSONDecoder().decode([Quota].self, from: Data(text.utf8)) else {
            return .problem("its answer is not as expected", hint: nil)
        }
        let sorted = all.sorted {
            (codes.firstIndex(of: $0.code) ?? 0) < (codes.firstIndex(of: $1.code) ?? 0)
        }
        let shown = sorted.map { "\(harmlessLine($0.name)) \(whole($0.value))" }
            .joined(separator: ", ")
        guard all.contains(where: { $0.value >= least }) else {
            return .problem("no GPU machine has 4 vCPUs: \(shown)", hint: nil)
        }
        guard all.contains(where: { $0.code == codes[0] && $0.value >= least }) else {
            return .warning("not enough for the default machine, g5.xlarge: \(shown)", hint: nil)
        }
        return .good("vCPUs: \(shown)")
    }
}
