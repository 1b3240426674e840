import Shared

/// The quotas that decide whether a project gets a GPU.
enum GoogleQuota {
    private struct Holder: Decodable {
        struct Quota: Decodable {
            var metric: String
            var limit: Double
            var usage: Double

            var text: String { "\(harmlessLine(metric)) \(whole(usage)) of \(whole(limit)) in use" }
        }
        var quotas: [Quota]
    }

    private static func quotas(in text: String) -> [Holder.Quota]? {
        (try? JSONDecoder().decode(Holder.self, from: Data(text.utf8)))?.quotas
    }

    /// The one without which a project gets no GPU anywhere.
    @Sendable static func everywhere(_ text: String) -> CheckResult {
        guard let quota = quotas(in: text)?.first(where: { $0.metric == "GPUS_ALL_REGIONS" })
        else { return .problem("GPUS_ALL_REGIONS is not among the project's quotas", hint: nil) }
        return quota.limit - quota.usage >= 1 ? .good(quota.text) : .problem(quota.text, hint: nil)
    }

    /// Each kind of GPU has a quota in each region, and a second one for spot machines.
    @Sendable static func inRegion(_ text: String) -> CheckResult {
        guard let all = quotas(in: text) else {
            return .problem("its answer is not as expected", hint: nil)
        }
        let some = all.filter {
            $0.limit > 0
                && $0.metric.wholeMatch(of: /(PREEMPTIBLE_)?NVIDIA_[A-Z0-9_]+_GPUS/) != nil
                && !$0.metric.contains("_VWS_")
        }
        let shown = some.map(\.text).sorted().joined(separator: ", ")
        guard some.contains(where: { $0.limit - $0.usage >= 1 }) else {
            return .problem(
                shown.isEmpty ? "no kind of GPU is allowed" : "none is free: \(shown)", hint: nil)
        }
        return .good(shown)
    }
}
