import Shared

/// Whether the kernel has told of failed hardware: pure, but for the question itself.
enum KernelLog {
    /// The first line about failed hardware since a moment; nil where there is none, and where the log
    /// is not to be read.
    ///
    /// - Parameter since: in seconds after the boot; nil where nobody knows it.
    static func hardwareFailure(
        since: Double?, _ runner: any CommandRunner, clock: any Clock<Duration>
    ) async -> String? {
        guard let since, let log = try? await text(runner, clock: clock) else { return nil }
        return hardwareFailure(in: log, since: since)
    }

    /// All that the kernel has told.
    ///
    /// - Throws: `Failure` where it is not to be read, or nobody answers.
    static func text(
        _ runner: any CommandRunner, clock: any Clock<Duration>
    ) async throws -> String {
        try await runner.output(of: Command("dmesg", []), timeout: .seconds(10), clock: clock)
    }

    /// - Parameters:
    ///   - log: lines such as `[  812.345678] NVRM: Xid (PCI:0000:3b:00): 79, pid=…` (dmesg(1)); those
    ///     without a time do not count.
    ///   - since: in seconds after the boot.
    static func hardwareFailure(in log: String, since: Double) -> String? {
        for line in log.split(whereSeparator: \.isNewline) where line.first == "[" {
            guard let end = line.firstIndex(of: "]"),
                let time = Double(line[line.index(after: line.startIndex)..<end].trimmed),
                time >= since
            else { continue }
            let words = line[line.index(after: end)...].trimmed
            if isHardware(words) { return harmless(String(words.prefix(300))) }
        }
        return nil
    }

    /// Xids that are the GPU's or its bus's own, by NVIDIA's "XID Errors": ECC (48, 63, 64, 94, 95, 140),
    /// microcontroller (62), NVLink (74), fallen off the bus (79), many corrected errors (92), GSP
    /// (119, 120). Others, such as 13, 31 and 43, are mostly the program's.
    private static let xids: Set<Int> = [48, 62, 63, 64, 74, 79, 92, 94, 95, 119, 120, 140]

    private static func isHardware(_ words: String) -> Bool {
        if words.hasPrefix("NVRM: ") {
            if words.contains("uncorrectable ECC") || words.contains("fallen off the bus") {
                return true
            }
            return xid(words).map(xids.contains) ?? false
        }
        // The machine's memory: drivers/edac/edac_mc.c, mm/memory-failure.c.
        return (words.hasPrefix("EDAC ") && words.contains(" UE "))
            || words.contains("hardware memory corruption")
    }

    /// Of `NVRM: Xid (PCI:0000:3b:00): 79, …`, the 79.
    private static func xid(_ words: String) -> Int? {
        guard words.hasPrefix("NVRM: Xid ("), let close = words.firstRange(of: "): ") else {
            return nil
        }
        return Int(words[close.upperBound...].prefix { $0.isASCII && $0.isNumber })
    }
}
