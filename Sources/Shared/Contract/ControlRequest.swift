/// One command to a running agent: a file that reached its machine, or an object below `run/control/`.
///
/// Anyone with write access to the bucket can write it, so everything in it is bounded before use. See
/// docs/tuning.md.
package struct ControlRequest: VersionedDocument, Equatable {
    package static let currentVersion = 1
    package static let maximumBytes = 64 << 10
    /// An older agent is told what a newer launcher asks, as far as it knows it.
    package static let isStrict = false

    package enum Command: OpenEnum {
        /// Ends the training, as SIGTERM does.
        case stop
        /// Changes hyperparameters, all of them or none.
        case tune
        /// Saves a checkpoint at the next safe point.
        case checkpoint
        /// Takes back a tuning that has not been applied.
        case withdraw
        /// Gives the run more time.
        case extend
        case unknown(String)

        package static let allCases: [Command] = [.stop, .tune, .checkpoint, .withdraw, .extend]

        package var rawValue: String {
            switch self {
            case .stop: "stop"
            case .tune: "tune"
            case .checkpoint: "checkpoint"
            case .withdraw: "withdraw"
            case .extend: "extend"
            case .unknown(let name): name
            }
        }
    }

    /// What becomes of one hyperparameter: exactly one of the three.
    package struct Change: Codable, Sendable, Equatable {
        package var set: JSONValue?
        package var scale: Double?
        package var ramp: Ramp?

        package init(set: JSONValue? = nil, scale: Double? = nil, ramp: Ramp? = nil) {
            (self.set, self.scale, self.ramp) = (set, scale, ramp)
        }
    }

    /// A change that is made little by little: to a value, or by a factor.
    package struct Ramp: Codable, Sendable, Equatable {
        package var set: JSONValue?
        package var scale: Double?
        package var steps: Int

        package init(set: JSONValue? = nil, scale: Double? = nil, steps: Int) {
            (self.set, self.scale, self.steps) = (set, scale, steps)
        }
    }

    /// What a change must not do to a scalar, or it is taken back: `loss/val < 1.1x for 500`.
    package struct Guard: Codable, Sendable, Equatable {
        package var name: String
        /// Whether the scalar must stay below the limit, and not above it.
        package var isBelow: Bool
        package var limit: Double
        /// Whether the limit is a multiple of what the scalar was before the change.
        package var isFactor: Bool
        package var steps: Int

        package init(name: String, isBelow: Bool, limit: Double, isFactor: Bool, steps: Int) {
            (self.name, self.isBelow, self.limit) = (name, isBelow, limit)
            (self.isFactor, self.steps) = (isFactor, steps)
        }
    }

    package var version = ControlRequest.currentVersion
    package var id: ULID
    /// Who asks, such as `ann@laptop`: for people.
    package var by: String
    package var time: Date
    package var command: Command
    package var changes: [String: Change]?
    /// What the values must be, or nothing is changed.
    package var expect: [String: JSONValue]?
    /// The step that begins with the change; nil for the next one.
    package var atStep: Int?
    package var checkpointFirst: Bool?
    package var `guard`: Guard?
    /// Not applied after this moment.
    package var expires: Date?
    /// The request that is taken back.
    package var withdraw: ULID?
    /// The longest time of the run, counted from its creation; or how much longer it becomes.
    package var maxDurationSeconds: Double?
    package var addedSeconds: Double?

    package init(id: ULID, by: String, time: Date, command: Command) {
        (self.id, self.by, self.time, self.command) = (id, by, time, command)
    }

    package var objection: String? {
        guard by.utf8.count <= 200 else { return "field 'by' is longer than 200 bytes" }
        switch command {
        case .tune: return objectionToChanges
        case .withdraw: return withdraw == nil ? "field 'withdraw' is missing" : nil
        case .extend:
            let times = [maxDurationSeconds, addedSeconds].compactMap(\.self)
            let isTime = times.count == 1 && times.allSatisfy(Job.Bounds.maxDuration.contains)
            return isTime ? nil : "the request to extend the run has no one time"
        case .stop, .checkpoint, .unknown: return nil
        }
    }

    private var objectionToChanges: String? {
        let changes = changes ?? [:]
        guard (1...100).contains(changes.count) else {
            return "field 'changes' has \(changes.count) entries; 1 to 100 are taken"
        }
        for (name, change) in changes.sorted(by: { $0.key < $1.key }) {
            guard Self.isName(name) else { return "\(quoted(name)) is no hyperparameter's name" }
            let target = change.ramp
            let values = [change.set, target?.set].compactMap(\.self)
            let factors = [change.scale, target?.scale].compactMap(\.self)
            guard values.count + factors.count == 1, values.allSatisfy(Self.isPlain),
                factors.allSatisfy(\.isFinite)
            else { return "\(quoted(name)) has no one value or factor" }
            guard (1...1_000_000_000).contains(target?.steps ?? 1) else {
                return "\(quoted(name)) changes over a number of steps that is out of range"
            }
        }
        for (name, value) in expect ?? [:] where !Self.isName(name) || !Self.isPlain(value) {
            return "field 'expect' names \(quoted(name)) or a value that cannot be compared"
        }
        if let rule = `guard` {
            let isRule =
                rule.limit.isFinite && (1...1_000_000_000).contains(rule.steps)
                && (1...200).contains(rule.name.utf8.count)
            guard isRule else { return "field 'guard' has a limit or steps that are out of range" }
        }
        let isStep = (0...(1 << 53)).contains(atStep ?? 0)
        return isStep ? nil : "field 'at_step' is out of range"
    }

    /// Whether it can be what a Python program calls a value: `dropout`, `optimizer[1].lr`.
    package static func isName(_ name: String) -> Bool {
        let isFirst = name.utf8.first.map { $0 == 0x5F || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) }
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.[]".utf8)
        return isFirst == true && name.utf8.count <= 100 && name.utf8.allSatisfy(allowed.contains)
    }

    private static func isPlain(_ value: JSONValue) -> Bool {
        switch value {
        case .bool, .integer: true
        case .number(let number): number.isFinite
        case .string(let text): text.utf8.count <= 1000
        case .null, .array, .object: false
        }
    }
}

/// A name that sorts by time and never comes twice: 48 bits of milliseconds, 80 bits of chance, in
/// Crockford's base 32 (github.com/ulid/spec).
package struct ULID: Codable, Sendable, Hashable, CustomStringConvertible {
    package let description: String
    private static let letters = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    package init(time: Date, random: () -> UInt64) {
        let milliseconds = UInt64(max(0, time.timeIntervalSince1970 * 1000)) & (1 << 48 - 1)
        let (high, low) = (random() & 0xFFFF, random())
        // 128 bits in 26 letters of 5, the first of which has 3.
        let upper = milliseconds << 16 | high
        let bytes = (0..<26).map { index -> UInt8 in
            let shift = 125 - 5 * index
            let value =
                if shift >= 64 {
                    upper >> (shift - 64)
                } else {
                    // One letter has bits of both halves.
                    low >> shift | (shift > 59 ? upper << (64 - shift) : 0)
                }
            return Self.letters[Int(value & 31)]
        }
        description = String(decoding: bytes, as: UTF8.self)
    }

    /// - Returns: nil if the text is not one.
    package init?(_ text: String) {
        guard text.utf8.count == 26, text.utf8.allSatisfy(Self.letters.contains),
            text.utf8.first.map({ $0 <= UInt8(ascii: "7") }) == true
        else { return nil }
        description = text
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = ULID(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\(quoted(text)) is no ULID")
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
