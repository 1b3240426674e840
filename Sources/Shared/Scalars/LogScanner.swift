/// Reads scalars and progress out of `train.log`, piece by piece, for trainers that write no file of
/// their own.
///
/// `\r` begins the next state of a progress bar, so it ends a line as `\n` does.
struct LogScanner {
    private(set) var position = LogPosition()
    private var table = UltralyticsTable()
    private var patterns: [MetricPattern.Matcher]
    /// The beginning of a line whose end is not read yet.
    private var rest: [UInt8] = []
    private var isTooLong = false

    /// A line that is longer is read this far; what a log prints about a training is shorter.
    private static let longestLine = 4096
    private static let longestForPatterns = 1000

    init(patterns: [MetricPattern] = []) {
        self.patterns = patterns.map(MetricPattern.Matcher.init)
    }

    /// - Parameter emit: gets each scalar: its name, step and value.
    mutating func read(
        _ bytes: UnsafeRawBufferPointer, _ emit: (String, Int64?, Double) -> Void
    ) {
        var start = 0
        for (index, byte) in bytes.enumerated() where byte == 0x0A || byte == 0x0D {
            keep(bytes[start..<index])
            end(emit)
            start = index + 1
        }
        keep(bytes[start...])
    }

    /// Takes what is read so far as a line: at the end of a log nothing follows.
    mutating func finish(_ emit: (String, Int64?, Double) -> Void) { end(emit) }

    private mutating func keep(_ bytes: Slice<UnsafeRawBufferPointer>) {
        let room = Self.longestLine - rest.count
        if bytes.count > room { isTooLong = true }
        rest.append(contentsOf: bytes.prefix(room))
    }

    private mutating func end(_ emit: (String, Int64?, Double) -> Void) {
        defer {
            rest.removeAll(keepingCapacity: true)
            isTooLong = false
        }
        let isHeader = UltralyticsTable.isHeader(rest)
        guard isHeader || rest.contains(where: ByteScanner.isDigit) else { return }
        var bytes = rest
        // Keras ends a state of its bar with as many backspaces as it has characters.
        while bytes.last == 0x08 { bytes.removeLast() }
        if bytes.contains(where: { $0 == 0x1B || $0 == 0x08 }) {
            bytes = Array(LogTail.shown(String(decoding: bytes, as: UTF8.self)).utf8)
        }
        readPatterns(bytes, emit)
        var line = LogLine(bytes[...])
        let isKnown =
            (!isTooLong && DictionaryLine.read(&line, &position))
            || table.read(&line, &position)
            || BarLine.readTqdm(&line, &position)
            || BarLine.readDrawn(&line, &position)
            || LabelledLine.read(&line, &position)
        guard isKnown else { return }
        for (name, value) in line.scalars { emit(name, line.step ?? position.step, value) }
    }

    private mutating func readPatterns(_ bytes: [UInt8], _ emit: (String, Int64?, Double) -> Void) {
        guard !patterns.isEmpty else { return }
        let text = String(decoding: bytes.prefix(Self.longestForPatterns), as: UTF8.self)
        for index in patterns.indices {
            guard let (value, step) = patterns[index].value(in: text) else { continue }
            emit(patterns[index].name, step ?? position.step, value)
        }
    }
}
