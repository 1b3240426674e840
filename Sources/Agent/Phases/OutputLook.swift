import Shared

/// What the output directory says of how far a training has come.
struct OutputLook: Sendable, Equatable {
    /// The highest number of a checkpoint that is whole: a step, or an epoch where no name tells one.
    var checkpoint: Int64?
    /// Something was written since the given moment, or nobody can tell.
    var hasNew = false

    /// - Parameters:
    ///   - since: when the attempt began; nil where that is not known.
    ///   - incomplete: paths below the directory that were being written when their writer died.
    init(_ directory: String, since: Date?, incomplete: [String]) {
        guard let scan = try? TreeScan(of: directory) else {
            hasNew = true
            return
        }
        hasNew = since == nil
        // A file's time comes from a clock that ticks every few milliseconds.
        let begin = (since?.timeIntervalSince1970 ?? 0) - 0.05
        for file in scan.files {
            var information = stat()
            if !hasNew, stat(file.source, &information) == 0 {
                let time = information.modificationTime
                hasNew = Double(time.tv_sec) + Double(time.tv_nsec) / 1e9 >= begin
            }
            guard let found = CheckpointNumber(file.path), found.number > checkpoint ?? -1,
                !incomplete.contains(where: { found.holds($0) })
            else { continue }
            checkpoint = found.number
        }
    }
}

/// The number of the checkpoint that a path belongs to, by the names that frameworks give.
///
/// `checkpoint-500/model.safetensors` (Hugging Face), `epoch=1-step=200.ckpt` (Lightning),
/// `global_step300/…` (DeepSpeed), `ckpt_400.pt`, `checkpoints/600/…` (Orbax), `iter_0000500` (Megatron).
/// By hand, since the parser of regular expressions would be a tenth of the agent.
struct CheckpointNumber: Equatable {
    var number: Int64
    /// The path up to the name with the number: what has it in common is one checkpoint.
    var unit: String

    /// Whether a path is the checkpoint, or lies in it.
    func holds(_ path: String) -> Bool {
        path == unit || path.utf8.starts(with: "\(unit)/".utf8)
    }

    private static let words = ["checkpoint", "ckpt", "step", "iteration", "iter", "epoch"]
        .map { Array($0.utf8) }
    private static let mostDigits = 15
    /// In bytes: PATH_MAX of Linux (limits.h).
    private static let longestPath = 4096

    /// - Parameter path: below the output directory; nil where it is of no checkpoint, or still under a
    ///   temporary name.
    init?(_ path: String) {
        guard path.utf8.count <= Self.longestPath else { return nil }
        let parts = path.split(separator: "/").map(String.init)
        guard !parts.contains(where: { CheckpointDirectories.withoutMark($0) != $0 }) else {
            return nil
        }
        for index in parts.indices.reversed() {
            let name = Array(parts[index].lowercased().utf8)
            let parent = index > 0 ? parts[index - 1].lowercased() : ""
            guard let number = Self.number(in: name) ?? Self.whole(name, below: parent) else {
                continue
            }
            self.number = number
            unit = parts[...index].joined(separator: "/")
            return
        }
        return nil
    }

    /// The number after the last word that stands before one; after `epoch` only where no other does.
    private static func number(in name: [UInt8]) -> Int64? {
        var steps: Int64?
        var epochs: Int64?
        for start in name.indices where start == 0 || !isLetter(name[start - 1]) {
            for (place, word) in words.enumerated() where name[start...].starts(with: word) {
                var next = start + word.count
                if next < name.count, "-_=".utf8.contains(name[next]) { next += 1 }
                guard let number = digits(name[next...]) else { continue }
                if place == words.count - 1 { epochs = number } else { steps = number }
            }
        }
        return steps ?? epochs
    }

    private static func whole(_ name: [UInt8], below parent: String) -> Int64? {
        guard ["checkpoint", "checkpoints", "ckpt", "ckpts"].contains(parent),
            name.allSatisfy(isDigit)
        else { return nil }
        return digits(name[...])
    }

    /// The number at the start of `text`; nil for none, and for one that no training reaches.
    private static func digits(_ text: ArraySlice<UInt8>) -> Int64? {
        let digits = text.prefix(while: isDigit)
        guard (1...mostDigits).contains(digits.count) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }
}
