import Shared

/// Applies in one zone after another until one has the machine.
struct ZoneSearch: Sendable {
    let provider: any CloudProvider
    let machine: MachineRequest
    let zones: ZoneChoice.Zones
    let line: LiveLine
    let clock: any Clock<Duration>
    /// Creates what the folder describes.
    let apply: @Sendable () async throws -> Void
    /// Changes the folder's description of the machine, before another attempt.
    let change: @Sendable (Change) async throws -> Void
    /// The regions besides those tried that have the machine, for the refusal.
    let otherRegions: @Sendable ([String]) async -> [String]

    enum Change: Sendable, Equatable {
        case zone(String)
        case spot(Bool)
        /// Removes what belongs to the region that is left.
        case leaveRegion
    }

    /// Between two rounds over all zones: machines become free within minutes.
    private static let pauses: ClosedRange<Double> = 30...300

    private struct Refusal {
        var zone: String
        var isSpot: Bool
        var kind: TerraformErrorKind
        var failure: Failure
        var line: String {
            "  \(zone)\(isSpot ? " (spot)" : ""): \(failure.detail ?? failure.summary)"
        }
    }

    /// The place that the folder describes now.
    private struct Position {
        var zone: String
        var isSpot: Bool
    }

    /// Buckets of a zone without the machine stay for the next zone; its network where that is in the
    /// same region.
    ///
    /// - Throws: `TerraformError`, the first that another zone would not help; `Failure` that names
    ///   every zone if none has the machine.
    func run() async throws {
        guard let first = zones.names.first else { return }
        var position = Position(zone: first, isSpot: machine.spot.attempts[0])
        var waited = Duration.zero
        var pause = Self.pauses.lowerBound
        while true {
            var refusals: [Refusal] = []
            let spent = try await measured {
                refusals = try await round(from: &position)
            }
            guard !refusals.isEmpty else { return }
            waited += spent
            let left = (machine.patience?.seconds ?? 0) - waited.seconds
            guard left > 0, refusals.contains(where: { $0.kind == .stockout }) else {
                throw await failure(refusals)
            }
            let next = min(pause, left)
            line.say(
                .warning,
                "no zone has the machine: all of them again in \(TimeSpan(seconds: next)), for "
                    + "\(TimeSpan(seconds: left)) more")
            try await clock.sleep(for: .seconds(next))
            waited += .seconds(next)
            pause = min(pause * 2, Self.pauses.upperBound)
        }
    }

    private func measured(_ body: () async throws -> Void) async throws -> Duration {
        try await clock.measure(body)
    }

    /// Tries each zone once, with those that the cloud itself names on the way.
    ///
    /// - Returns: the refusals; none once the machine is there.
    private func round(from position: inout Position) async throws -> [Refusal] {
        var refusals: [Refusal] = []
        for isSpot in machine.spot.attempts {
            var rest = zones.names
            var tried: Set<String> = []
            var closed: Set<String> = []
            while !rest.isEmpty {
                let zone = rest.removeFirst()
                guard tried.insert(zone).inserted, !closed.contains(provider.region(of: zone))
                else { continue }
                try await move(&position, to: Position(zone: zone, isSpot: isSpot))
                do {
                    try await RolePropagation(line: line, clock: clock).apply(apply)
                    return []
                } catch let error as TerraformDriver.TerraformError {
                    let scope = scope(of: error, isSpot: isSpot)
                    guard scope != .everywhere else { throw error }
                    refusals.append(
                        Refusal(
                            zone: zone, isSpot: isSpot, kind: error.kind, failure: error.failure))
                    if scope == .region { closed.insert(provider.region(of: zone)) }
                    rest = advised(by: error, rest: rest, tried: tried)
                    say(error.kind, zone: zone, isSpot: isSpot, next: rest.first)
                }
            }
        }
        return refusals
    }

    private enum Scope { case zone, region, everywhere }

    /// Where else the same request may succeed.
    private func scope(of error: TerraformDriver.TerraformError, isSpot: Bool) -> Scope {
        let regions = Set(zones.names.map(provider.region))
        let goesOn = regions.count > 1 || (isSpot && machine.spot == .auto)
        switch error.kind {
        case .stockout: return .zone
        case .regionClosed: return goesOn ? .region : .everywhere
        // Quotas are a region's, but for those that Google calls global.
        case .quota:
            let isGlobal = error.message.contains("globally") && machine.spot != .auto
            return goesOn && !isGlobal ? .region : .everywhere
        default: return .everywhere
        }
    }

    /// The zones that are left, those that the cloud has just named first.
    private func advised(
        by error: TerraformDriver.TerraformError, rest: [String], tried: Set<String>
    ) -> [String] {
        let named = provider.zonesNamed(in: error.message).filter { zone in
            !tried.contains(zone)
                && (rest.contains(zone) || zones.openRegions.contains(provider.region(of: zone)))
        }
        return named + rest.filter { !named.contains($0) }
    }

    private func move(_ position: inout Position, to next: Position) async throws {
        if provider.region(of: next.zone) != provider.region(of: position.zone) {
            try await change(.leaveRegion)
        }
        if next.zone != position.zone { try await change(.zone(next.zone)) }
        if next.isSpot != position.isSpot { try await change(.spot(next.isSpot)) }
        position = next
    }

    private func say(_ kind: TerraformErrorKind, zone: String, isSpot: Bool, next: String?) {
        let type = provider.machineType(for: machine)
        let what =
            switch kind {
            case .quota: "the quota of \(provider.region(of: zone)) does not allow \(type)"
            case .regionClosed: "this account may not use \(provider.region(of: zone))"
            default: "\(zone) has no \(isSpot ? "spot " : "")\(type) free now"
            }
        line.say(.warning, what + (next.map { "; trying \($0)" } ?? ""))
    }

    private func failure(_ refusals: [Refusal]) async -> Failure {
        let type = provider.machineType(for: machine)
        let lines = refusals.map(\.line).joined(separator: "\n")
        let tried = refusals.map(\.zone).reduce(into: [String]()) { names, zone in
            if !names.contains(zone) { names.append(zone) }
        }
        let others = await otherRegions(tried.map(provider.region))
        let isFull = refusals.contains { $0.kind == .stockout }
        let elsewhere =
            others.isEmpty ? "" : "\nother regions that have it: \(others.joined(separator: ", "))"
        let price = (provider as? any CapacityListing)?.transferPrice
        return Failure(
            isFull
                ? "no \(type) is free now in \(tried.joined(separator: ", "))"
                : "no \(type) is to be had in \(tried.joined(separator: ", "))",
            detail: lines + elsewhere,
            hint: "wait for one: --retry_until_up 2h; or name other regions: --regions R"
                + (price.map { " (reading the dataset from there costs \($0))" } ?? "")
                + "; or take another --machine_type")
    }
}
