/// A line that counts and names numbers in words, as scripts without a framework print it:
/// `iter 40: loss 2.31, time 12.3ms`, `Epoch [1/5], Step [100/600], Loss: 0.52`,
/// `Train Epoch: 1 [640/60000 (1%)]  Loss: 0.21`, `Test set: Average loss: 0.05, Accuracy: 98/100`.
struct LabelledLine {
    private var scanner: ByteScanner
    private var words: [String] = []
    private var epoch: (number: Int64, of: Int64?)?
    private var counter: (done: Int64, of: Int64?)?
    private var isEvaluation = false
    private var pairs: [(name: String, value: Double)] = []

    private static let longest = 1000
    private static let counters: Set<String> = [
        "step", "iter", "iteration", "batch", "global_step", "update", "it", "steps",
    ]
    private static let evaluations: Set<String> = [
        "test", "val", "valid", "validation", "eval", "evaluation",
    ]

    static func read(_ line: inout LogLine, _ position: inout LogPosition) -> Bool {
        guard line.bytes.count <= longest, line.bytes.contains(where: ByteScanner.isDigit) else {
            return false
        }
        var reader = LabelledLine(scanner: ByteScanner(line.bytes))
        reader.scan()
        return reader.finish(&line, &position)
    }

    private init(scanner: ByteScanner) { self.scanner = scanner }

    private mutating func scan() {
        scanner.skipSpaces()
        if scanner.peek == UInt8(ascii: "*") { isEvaluation = true }
        if scanner.peek == UInt8(ascii: "[") { readBracket() }
        while let byte = scanner.peek {
            if ByteScanner.isLetter(byte) {
                readWord()
            } else if byte == UInt8(ascii: "(") {
                // An average or a percentage of the number before it.
                if scanner.skip(past: UInt8(ascii: ")")) == nil { return }
            } else if byte == UInt8(ascii: "["), epoch != nil {
                readBracket()
            } else {
                if byte != 0x20 { words = [] }
                _ = scanner.next()
                // Digits that no name stands before, such as a time of day.
                if ByteScanner.isDigit(byte) { skipToken() }
            }
        }
    }

    private mutating func skipToken() {
        while let byte = scanner.peek, byte != 0x20, byte != 0x09, byte != UInt8(ascii: ",") {
            _ = scanner.next()
        }
    }

    /// `[100/600]`, also with spaces and a percentage in it.
    private mutating func readBracket() {
        var attempt = scanner
        _ = attempt.take("[")
        attempt.skipSpaces()
        guard let done = attempt.count(), attempt.take("/"), let total = attempt.count(), total > 0
        else {
            _ = scanner.next()
            return
        }
        counter = (done, total)
        words = []
        scanner = attempt
    }

    private mutating func readWord() {
        let start = scanner.index
        while let byte = scanner.peek, Self.isPartOfWord(byte) { _ = scanner.next() }
        let word = String(decoding: scanner.bytes[start..<scanner.index], as: UTF8.self)
        if pairs.isEmpty, words.isEmpty, Self.evaluations.contains(word.lowercased()) {
            isEvaluation = true
        }
        if readCounter(word.lowercased()) { return }
        words.append(word)
        var attempt = scanner
        attempt.skipSpaces()
        if attempt.take(":") || attempt.take("=") { attempt.skipSpaces() }
        guard let value = attempt.number() else { return }
        scanner = attempt
        // A time of day.
        if attempt.take(":"), let byte = attempt.peek, ByteScanner.isDigit(byte) { return }
        var number = value
        if scanner.take("/"), let whole = scanner.number(), whole != 0 { number = value / whole }
        let name = words.suffix(3).joined(separator: "_").lowercased()
        words = []
        if pairs.count < LogLine.mostScalars { pairs.append((name, number)) }
        // Its unit: "ms", "%".
        while let byte = scanner.peek, ByteScanner.isLetter(byte) || byte == UInt8(ascii: "%") {
            _ = scanner.next()
        }
    }

    /// `step 12`, `Iter: 12/100`, `Epoch [1/5]`.
    private mutating func readCounter(_ word: String) -> Bool {
        let isEpoch = word == "epoch" || word == "ep"
        guard isEpoch || Self.counters.contains(word) else { return false }
        var attempt = scanner
        while let byte = attempt.peek, " :=#[(".utf8.contains(byte) { _ = attempt.next() }
        guard let number = attempt.count(), attempt.peek != UInt8(ascii: ".") else { return false }
        var total: Int64?
        var behind = attempt
        behind.skipSpaces()
        if behind.take("/") || behind.take("of ") {
            behind.skipSpaces()
            total = behind.count()
            attempt = behind
        }
        if isEpoch { epoch = (number, total) } else { counter = (number, total) }
        words = []
        _ = attempt.take("]") || attempt.take(")")
        scanner = attempt
        return true
    }

    private static func isPartOfWord(_ byte: UInt8) -> Bool {
        ByteScanner.isLetter(byte) || ByteScanner.isDigit(byte) || "_/@-.".utf8.contains(byte)
    }

    private func finish(_ line: inout LogLine, _ position: inout LogPosition) -> Bool {
        guard epoch != nil || counter != nil || (isEvaluation && !pairs.isEmpty) else {
            return false
        }
        if !isEvaluation {
            if let epoch { position.enter(epoch: epoch.number, of: epoch.of) }
            switch (counter, epoch) {
            case (let counter?, _?) where counter.of != nil:
                line.step = position.advance(inEpochTo: counter.done, of: counter.of ?? 1)
            case (let counter?, _):
                line.step = counter.done
                position.set(step: counter.done, of: counter.of)
            default: break
            }
        }
        for (name, value) in pairs { line.add((isEvaluation ? "test/" : "") + name, value) }
        return true
    }
}
