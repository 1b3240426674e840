import Shared

/// Says in a state bucket that a computer is starting the run right now, so that no other removes
/// what is being made.
struct StartLease: Codable, Sendable, Equatable {
    var host: String
    /// By that computer's clock.
    var renewedAt: Date

    /// From one renewal to the next, as long as the launcher lives.
    static let interval: Duration = .seconds(60)
    /// Seconds for which one is believed: some renewals may fail, and clocks differ by minutes.
    static let validity = 600.0

    /// This computer's, from now on.
    static func taken(at now: Date) -> StartLease {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else {
            return StartLease(host: "another computer", renewedAt: now)
        }
        let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return StartLease(host: String(decoding: bytes, as: UTF8.self), renewedAt: now)
    }

    func isValid(at now: Date) -> Bool { now.timeIntervalSince(renewedAt) < Self.validity }

    /// Why the run is left alone.
    func refusal(of run: RunName, now: Date) -> Failure {
        let age = TimeSpan(seconds: max(0, now.timeIntervalSince(renewedAt)))
        return Failure(
            "\(harmless(host)) is starting \(run): it said so \(age) ago",
            hint: "look again in a few minutes: train status \(run); where that computer is gone "
                + "for good, remove what it made: train finish \(run) --force \(run)")
    }
}
