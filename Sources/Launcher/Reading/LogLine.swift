import Shared

/// One line of a log with its address.
struct LogLine: Sendable, Equatable {
    /// Nil where nothing tells.
    var attempt: Int?
    /// Of the line's first byte in the file.
    var offset: Int64
    /// What of it is kept: the last update, up to `LogLineAssembler.mostKept` bytes.
    var kept: [UInt8]
    /// Bytes of that update, with those that are not kept.
    var length: Int

    var isCut: Bool { length > kept.count }

    /// As a terminal shows it, without anything that steers one.
    var shown: String {
        let text = LogTail.shown(String(decoding: kept, as: UTF8.self))
        return isCut ? "\(text) … (a line of \(readable(bytes: Int64(length))))" : text
    }
}

/// Makes lines of pieces that may end anywhere, in a character too.
///
/// A carriage return begins an update of the same line, as progress bars use it; only the last one
/// counts. Memory is bounded, whatever the log holds.
struct LogLineAssembler: Sendable {
    /// Of one line, in bytes: more than any terminal shows.
    static let mostKept = 64 << 10

    private var line: LogLine?
    /// A carriage return came last; what follows writes over the line.
    private var isReturned = false

    /// The line under way; nil between two lines.
    var unfinished: LogLine? { line }

    /// - Parameters:
    ///   - bytes: those at `offset` on, right after the former ones.
    ///   - attempt: which wrote them.
    /// - Returns: the lines that they end.
    mutating func add(_ bytes: ArraySlice<UInt8>, at offset: Int64, attempt: Int?) -> [LogLine] {
        var lines: [LogLine] = []
        var position = offset
        var rest = bytes
        while !rest.isEmpty {
            if line == nil {
                line = LogLine(attempt: attempt, offset: position, kept: [], length: 0)
            }
            let end = rest.firstIndex { $0 == 0x0A || $0 == 0x0D } ?? rest.endIndex
            keep(rest[rest.startIndex..<end])
            position += Int64(end - rest.startIndex)
            guard end < rest.endIndex else { break }
            if rest[end] == 0x0A {
                if let line { lines.append(line) }
                line = nil
                isReturned = false
            } else {
                isReturned = true
            }
            position += 1
            rest = rest[(end + 1)...]
        }
        return lines
    }

    /// Ends the line under way, since nothing more of it will come.
    mutating func flush() -> LogLine? {
        defer { (line, isReturned) = (nil, false) }
        return line
    }

    private mutating func keep(_ bytes: ArraySlice<UInt8>) {
        guard !bytes.isEmpty else { return }
        if isReturned {
            line?.kept = []
            line?.length = 0
            isReturned = false
        }
        let room = Self.mostKept - (line?.kept.count ?? 0)
        line?.kept += bytes.prefix(max(0, room))
        line?.length += bytes.count
    }
}
