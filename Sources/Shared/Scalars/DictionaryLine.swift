/// A line that is a Python or JSON dictionary of numbers, as Hugging Face's Trainer logs it:
/// `{'loss': 0.52, 'learning_rate': '4e-05', 'epoch': 1.0}`.
enum DictionaryLine {
    private static let stepNames: Set<String> = ["step", "global_step", "iteration", "iter"]

    static func read(_ line: inout LogLine, _ position: inout LogPosition) -> Bool {
        var scanner = ByteScanner(line.bytes)
        guard let start = scanner.find("{'") ?? scanner.find("{\"") else { return false }
        scanner.move(to: start + 1)
        while true {
            scanner.skipSpaces()
            guard let key = quotedText(&scanner) else { break }
            scanner.skipSpaces()
            guard scanner.take(":") else { break }
            scanner.skipSpaces()
            guard let value = value(&scanner) else { break }
            if Self.stepNames.contains(key) {
                if abs(value) < 1e15 { line.step = Int64(value) }
            } else {
                line.add(key, value)
            }
            scanner.skipSpaces()
            guard scanner.take(",") else { break }
        }
        guard !line.scalars.isEmpty else { return false }
        if let step = line.step { position.set(step: step, of: nil) }
        return true
    }

    private static func quotedText(_ scanner: inout ByteScanner) -> String? {
        guard let quote = scanner.peek, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"")
        else { return nil }
        _ = scanner.next()
        let start = scanner.index
        guard let end = scanner.skip(past: quote), end - start <= LogLine.longestName else {
            return nil
        }
        return String(decoding: scanner.bytes[start..<end], as: UTF8.self)
    }

    /// A number, bare or in quotes.
    private static func value(_ scanner: inout ByteScanner) -> Double? {
        var inside = scanner
        if let text = quotedText(&inside) {
            scanner = inside
            var number = ByteScanner(Array(text.utf8))
            guard let value = number.number(), number.isAtEnd else { return nil }
            return value
        }
        return scanner.number()
    }
}
