/// A progress bar as tqdm, Keras and rich (Lightning) draw it, with the numbers behind it.
enum BarLine {
    /// `Epoch 0:  60%|██████    | 56/94 [00:00<00:05, 120.5it/s, v_num=0, train_loss=0.5]`
    static func readTqdm(_ line: inout LogLine, _ position: inout LogPosition) -> Bool {
        var scanner = ByteScanner(line.bytes)
        guard let bar = scanner.find("%|") else { return false }
        let title = title(line.bytes[..<bar])
        scanner.move(to: bar + 2)
        // The blocks of the bar are no ASCII, so the next one ends it.
        guard scanner.skip(past: UInt8(ascii: "|")) != nil else { return false }
        scanner.skipSpaces()
        guard let done = scanner.count(), scanner.take("/"), let total = scanner.count(),
            total > 0, done <= total
        else { return false }
        scanner.skipSpaces()
        guard scanner.take("[") else { return false }
        var left: Double?
        if scanner.skip(past: UInt8(ascii: "<")) != nil { left = clock(&scanner) }
        let isTraining = !isEvaluation(title)
        if let epoch = epoch(in: title) {
            position.enter(epoch: epoch.number, of: epoch.of)
            line.step = position.advance(inEpochTo: done, of: total)
        } else if isTraining {
            line.step = position.follow(bar: title, done: done, of: total, secondsLeft: left)
            // Of another bar than the training's are its numbers too.
            guard line.step != nil else { return true }
        }
        guard isTraining else { return true }
        // What is behind the rate: ", name=value, name=value]".
        while scanner.skip(past: UInt8(ascii: ",")) != nil {
            scanner.skipSpaces()
            pair(&scanner, UInt8(ascii: "="), into: &line)
        }
        return true
    }

    /// `36/63 ━━━━━ 0s 2ms/step - accuracy: 0.5 - loss: 0.6` and
    /// `Epoch 0/4 ━━━━━ 56/94 0:00:00 • 0:00:01 120.00it/s v_num: 0 train_loss: 0.5`.
    static func readDrawn(_ line: inout LogLine, _ position: inout LogPosition) -> Bool {
        var scanner = ByteScanner(line.bytes)
        guard let bar = scanner.find("\u{2501}") ?? scanner.find("\u{2578}") else { return false }
        let title = String(decoding: line.bytes[..<bar].prefix(80), as: UTF8.self)
        if let epoch = epoch(in: title) {
            // rich draws a title for Lightning alone, which counts from 0.
            position.enter(epoch: epoch.number, of: epoch.of, fromZero: true)
        } else if isEvaluation(title) {
            return true
        }
        var start = ByteScanner(line.bytes[..<bar])
        start.skipSpaces()
        var counts = fraction(&start)
        scanner.move(to: bar)
        while let byte = scanner.peek, byte >= 0x80 { _ = scanner.next() }
        scanner.skipSpaces()
        if counts == nil { counts = fraction(&scanner) }
        guard let counts else { return false }
        line.step = position.advance(inEpochTo: counts.done, of: counts.total)
        while scanner.skip(past: UInt8(ascii: " ")) != nil {
            pair(&scanner, UInt8(ascii: ":"), into: &line)
        }
        return true
    }

    private static func fraction(_ scanner: inout ByteScanner) -> (done: Int64, total: Int64)? {
        guard let done = scanner.count(), scanner.take("/"), let total = scanner.count(),
            total > 0, done <= total
        else { return nil }
        return (done, total)
    }

    /// A name, what stands between, and a number.
    private static func pair(
        _ scanner: inout ByteScanner, _ separator: UInt8, into line: inout LogLine
    ) {
        var attempt = scanner
        let start = attempt.index
        guard let first = attempt.peek, ByteScanner.isLetter(first),
            let end = attempt.skip(past: separator),
            !attempt.bytes[start..<end].contains(where: { $0 == 0x20 || $0 == UInt8(ascii: ",") })
        else { return }
        attempt.skipSpaces()
        guard let value = attempt.number() else { return }
        line.add(String(decoding: attempt.bytes[start..<end], as: UTF8.self), value)
        scanner = attempt
    }

    /// What stands before a bar, without its percentage.
    private static func title(_ bytes: ArraySlice<UInt8>) -> String {
        var bytes = bytes
        while let last = bytes.last, ByteScanner.isDigit(last) || last == 0x20 {
            bytes.removeLast()
        }
        return String(decoding: bytes.prefix(80), as: UTF8.self)
    }

    /// `Epoch 3`, `Epoch 3/10`.
    private static func epoch(in title: String) -> (number: Int64, of: Int64?)? {
        var scanner = ByteScanner(Array(title.utf8))
        guard let place = scanner.find("poch") else { return nil }
        scanner.move(to: place + 4)
        while let byte = scanner.peek, byte == 0x20 || byte == UInt8(ascii: ":") {
            _ = scanner.next()
        }
        _ = scanner.take("[")
        guard let number = scanner.count() else { return nil }
        return (number, scanner.take("/") ? scanner.count() : nil)
    }

    private static func isEvaluation(_ title: String) -> Bool {
        let title = title.lowercased()
        return ["valid", "eval", "test", "sanity", "predict"].contains { title.contains($0) }
    }

    /// `05:32`, `1:05:32`; nil for `?`.
    private static func clock(_ scanner: inout ByteScanner) -> Double? {
        var seconds: Int64 = 0
        repeat {
            guard let part = scanner.count(), part < 1_000_000 else { return nil }
            seconds = seconds * 60 + part
        } while scanner.take(":") && seconds < 1_000_000_000
        return Double(seconds)
    }
}
