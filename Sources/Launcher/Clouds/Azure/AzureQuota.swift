import Shared

/// The quotas on GPU machines, in vCPUs: one for each family, and one for all spot machines.
enum AzureQuota {
    private struct Usage: Decodable {
        var name: String
        /// A text in some versions of az.
        var limit: JSONValue
        var used: Int64

        var allowed: Int64 {
            switch limit {
            case .integer(let limit): limit
            case .string(let limit): Int64(limit) ?? 0
            default: 0
            }
        }
        /// What the smallest machine takes.
        var hasRoom: Bool { allowed >= 4 && used <= allowed - 4 }
    }

    @Sendable static func result(_ text: String) -> CheckResult {
        guard let all = try? JSONDecoder().decode([Usage].self, from: Data(text.utf8)) else {
            return .problem("its answer is not as expected", hint: nil)
        }
        let shown = all.filter { $0.allowed > 0 }
            .map { "\(harmlessLine($0.name)) \($0.used) of \($0.allowed) in use" }
            .joined(separator: ", ")
        guard all.contains(where: { $0.hasRoom && $0.name != "lowPriorityCores" }) else {
            let text = "no NC or ND family has 4 vCPUs free" + (shown.isEmpty ? "" : ": \(shown)")
            // A spot machine would still be had.
            return all.contains(where: \.hasRoom)
                ? .warning(text, hint: nil) : .problem(text, hint: nil)
        }
        return .good(shown)
    }
}
