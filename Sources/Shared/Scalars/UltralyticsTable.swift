/// The two tables that ultralytics draws with progress bars: losses by epoch, and what the
/// validation found.
struct UltralyticsTable {
    /// The names above the row of an epoch, such as `box_loss`.
    private var columns: [String] = []
    private var found: [String] = []
    private static let mostColumns = 32

    /// Whether a line has the names of the table of epochs, in which no digit need be.
    static func isHeader(_ bytes: [UInt8]) -> Bool {
        bytes.count < 2000 && ByteScanner(bytes).find("GPU_mem") != nil
    }

    mutating func read(_ line: inout LogLine, _ position: inout LogPosition) -> Bool {
        guard line.bytes.count < 2000, !columns.isEmpty || line.contains("GPU_mem") else {
            return false
        }
        let words = line.bytes.split(separator: 0x20, maxSplits: Self.mostColumns)
            .map { String(decoding: $0, as: UTF8.self) }
        switch words.first {
        case "Epoch" where words.contains("GPU_mem"):
            columns = words
        case "Class" where words.contains { $0.hasPrefix("mAP50") }:
            // "Box(P" begins them; the last one is followed by ":" or "):".
            found = words.dropFirst(3).prefix { !$0.contains("%") }.map { word in
                let name = word.split(separator: "(").last.map(String.init) ?? word
                return String(name.prefix { $0 != ")" && $0 != ":" })
            }.filter { !$0.isEmpty }
        case "all" where !found.isEmpty:
            for (name, word) in zip(found, words.dropFirst(3)) {
                Self.number(word).map { line.add("metrics/\(name)", $0) }
            }
        default:
            return readEpoch(words, &line, &position)
        }
        return true
    }

    private func readEpoch(
        _ words: [String], _ line: inout LogLine, _ position: inout LogPosition
    ) -> Bool {
        let parts = words.first?.split(separator: "/").compactMap { Int64($0) } ?? []
        guard parts.count == 2, words.count > columns.count, parts[0] < 1 << 40 else {
            return false
        }
        position.enter(epoch: parts[0], of: parts[1])
        // The bar is drawn many times; its numbers are the epoch's when it is full.
        guard line.contains("100%") else { return true }
        for (name, word) in zip(columns, words).dropFirst(2)
        where name != "Instances" && name != "Size" {
            Self.number(word).map { line.add("train/\(name)", $0) }
        }
        return true
    }

    private static func number(_ word: String) -> Double? {
        var scanner = ByteScanner(Array(word.utf8))
        return scanner.number()
    }
}
