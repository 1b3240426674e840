import Shared

/// Lets one computer through of several that start the same run at the same moment.
///
/// Each start writes its own claim first and only then looks: one that sees another claim, or its
/// run, steps back. Two that see each other both do; none can miss the other, since buckets list at
/// once what was written (cloud.google.com/storage/docs/consistency and its like). From the moment
/// that `run.json` is there, its lease does the same.
struct StartClaim: Sendable {
    /// Seconds after which a claim belongs to a launcher that was killed: between claim and
    /// `run.json` lie moments.
    static let validity = 600.0
    static let directory = "claims"

    /// `claims/SECONDS-CHANCE`
    let path: String

    init(at now: Date, random: UInt64) {
        let chance = String(random, radix: 16)
        path = "\(Self.directory)/\(Int(now.timeIntervalSince1970))-\(chance)"
    }

    /// Whether the object is a claim that another start may still act on.
    func isRivalled(by path: String, now: Date) -> Bool {
        guard path != self.path, path.utf8.starts(with: "\(Self.directory)/".utf8) else {
            return false
        }
        let name = path.dropFirst(Self.directory.count + 1)
        guard let seconds = Double(name.prefix { $0 != "-" }) else { return false }
        return abs(now.timeIntervalSince1970 - seconds) < Self.validity
    }
}

extension StateBucket {
    /// Takes the run's name for this computer.
    ///
    /// - Throws: `Failure` where another computer is at it, or was while this one prepared.
    func take(_ claim: StartClaim, for run: RunName, now: Date) async throws {
        try await write(Data(), as: claim.path)
        do {
            let isRivalled = try await client.list().contains {
                claim.isRivalled(by: $0.path, now: now)
            }
            let isThere = try await read() != nil
            guard !isRivalled, !isThere else {
                throw Failure(
                    "another computer began to start \(run) at the same moment",
                    hint: "look in a minute whether it did: train status \(run); if neither did, "
                        + "call this again. A start that was killed holds the name for ten minutes")
            }
        } catch {
            try? await release(claim)
            throw error
        }
    }

    func release(_ claim: StartClaim) async throws { try await client.delete([claim.path]) }
}
