/// The checkpoint that a file belongs to, by the names that frameworks give.
///
/// `checkpoint-500/model.safetensors` (Hugging Face), `epoch=1-step=200.ckpt` (Lightning),
/// `global_step300/…` (DeepSpeed), `ckpt_400.pt`, `model.ckpt-500.index` (TensorFlow),
/// `checkpoints/600/…` (Orbax), `iter_0000500` (Megatron).
/// By hand, since the parser of regular expressions would be a tenth of the agent.
package struct CheckpointName: Sendable, Equatable {
    /// What the number counts.
    package enum Count: Sendable {
        case steps
        case epochs
        /// The name is the number alone, which is most often a step.
        case unnamed
    }

    package var number: Int64
    package var count: Count
    /// The path of the file or directory that has the number in its name.
    package var unit: String
    /// The path up to the number's end: what has it in common is one checkpoint.
    package var stem: String

    /// The step; nil for an epoch.
    package var step: Int? { count == .epochs ? nil : Int(number) }

    /// Whether a path is the checkpoint, or lies in it.
    package func holds(_ path: String) -> Bool {
        path == unit || path.utf8.starts(with: "\(unit)/".utf8)
    }

    private static let words = [
        "checkpoint", "ckpt", "globalstep", "step", "iteration", "iter", "epoch",
    ].map { Array($0.utf8) }
    private static let epoch = Array("epoch".utf8)
    private static let folders = ["checkpoint", "checkpoints", "ckpt", "ckpts"]
        .map { Array($0.utf8) }
    /// Of a directory that holds one checkpoint; others, such as Lightning's `version_3`, hold many.
    private static let directoryWords = ["checkpoint", "ckpt", "step", "epoch", "iter", "save"]
        .map { Array($0.utf8) }
    private static let mostDigits = 15
    /// In bytes: PATH_MAX of Linux (limits.h).
    private static let longestPath = 4096

    /// The deepest name with a number of steps counts, since a folder above may number something else;
    /// where there is none, the deepest one with a number of epochs.
    ///
    /// - Parameter path: nil where it is of no checkpoint, or still under a temporary name.
    package init?(_ path: String) {
        guard path.utf8.count <= Self.longestPath else { return nil }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard !parts.contains(where: { Self.withoutTemporaryMark($0) != $0 }) else { return nil }
        let names = parts.map(Self.lowercase)
        var epochs: Self?
        for index in parts.indices.reversed() {
            let parent = index > 0 ? names[index - 1] : []
            guard
                let found = Self.number(in: names[index]) ?? Self.whole(names[index], below: parent)
            else { continue }
            let name = Self(found, in: parts[...index])
            guard name.count == .epochs else {
                self = name
                return
            }
            epochs = epochs ?? name
        }
        guard let epochs else { return nil }
        self = epochs
    }

    /// The outermost directory of an object's path that holds one checkpoint: its name ends with a number.
    ///
    /// - Parameter path: such as `output/checkpoint-5/model.bin`; its first part is no checkpoint.
    package init?(directoryOf path: String) {
        let parts = path.split(separator: "/").map(String.init)
        for index in parts.indices.dropFirst().dropLast() {
            let name = Self.lowercase(parts[index])
            guard let (start, number) = Self.trailing(name) else { continue }
            let words = Self.directoryWords.filter { Self.contains(name, $0) }
            guard start == 0 || !words.isEmpty else { continue }
            let count: Count =
                start == 0 ? .unnamed : words == [Self.epoch] ? .epochs : .steps
            self.init((number, count, name.count), in: parts[...index])
            return
        }
        return nil
    }

    private init(_ found: Found, in parts: ArraySlice<String>) {
        (number, count) = (found.number, found.count)
        unit = parts.joined(separator: "/")
        let rest = (parts.last?.utf8.count ?? 0) - found.end
        stem = String(decoding: unit.utf8.dropLast(rest), as: UTF8.self)
    }

    /// The number that a name ends with, and what stands before it.
    package static func trailingNumber(of name: String) -> (stem: String, number: Int64)? {
        let bytes = Array(name.utf8)
        return trailing(bytes).map { start, number in
            (String(decoding: bytes[..<start], as: UTF8.self), number)
        }
    }

    /// The name without the part that marks a temporary one, as Hugging Face, Orbax, accelerate and most
    /// programs of users write it.
    package static func withoutTemporaryMark(_ name: String) -> String {
        for mark in ["tmp-", "tmp_", "tmp.", ".tmp-", ".tmp_", "temp-", "temp_", ".tmp"]
        where name.hasPrefix(mark) {
            return String(name.dropFirst(mark.utf8.count))
        }
        for mark in [".tmp", "-tmp", "_tmp", ".temp", ".new", ".incomplete"]
        where name.hasSuffix(mark) {
            return String(name.dropLast(mark.utf8.count))
        }
        if let mark = name.firstRange(of: orbaxMark) {
            return String(name[..<mark.lowerBound])
        }
        return name
    }

    /// What Orbax puts behind the name of a checkpoint that is being written.
    package static let orbaxMark = ".orbax-checkpoint-tmp"

    // MARK: One name

    private typealias Found = (number: Int64, count: Count, end: Int)

    /// The number after the last word that stands before one; after `epoch` only where no other does.
    private static func number(in name: [UInt8]) -> Found? {
        var steps: Found?
        var epochs: Found?
        for start in name.indices where start == 0 || !isLetter(name[start - 1]) {
            for word in words where name[start...].starts(with: word) {
                var next = start + word.count
                if next < name.count, "-_=".utf8.contains(name[next]) { next += 1 }
                guard let (number, end) = digits(name[next...]) else { continue }
                if word == epoch {
                    epochs = (number, .epochs, end)
                } else {
                    steps = (number, .steps, end)
                }
            }
        }
        return steps ?? epochs
    }

    private static func whole(_ name: [UInt8], below parent: [UInt8]) -> Found? {
        guard folders.contains(parent), let (number, end) = digits(name[...]), end == name.count
        else { return nil }
        return (number, .unnamed, end)
    }

    private static func trailing(_ name: [UInt8]) -> (start: Int, number: Int64)? {
        let start = name.lastIndex { !isDigit($0) }.map { $0 + 1 } ?? 0
        return digits(name[start...]).map { (start, $0.number) }
    }

    /// The number at the start of `text`; nil for none, and for one that no training reaches.
    private static func digits(_ text: ArraySlice<UInt8>) -> (number: Int64, end: Int)? {
        let digits = text.prefix(while: isDigit)
        guard (1...mostDigits).contains(digits.count) else { return nil }
        return (digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }, digits.endIndex)
    }

    private static func contains(_ name: [UInt8], _ word: [UInt8]) -> Bool {
        name.indices.contains { name[$0...].starts(with: word) }
    }

    private static func lowercase(_ name: String) -> [UInt8] {
        name.utf8.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }
}
