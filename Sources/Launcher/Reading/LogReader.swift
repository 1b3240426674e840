import Shared

/// Reads one append-only file of a run line by line, from wherever it can be read.
///
/// The cursor is an offset in the file and the bytes before it: they are read again with each look, so
/// a place that is behind, or holds another file under the name, is noticed before it does harm.
struct LogReader: Sendable {
    let source: any RunPlace
    let path: String
    /// Whether `logs/train_log_index.jsonl` is about this file.
    let isIndexed: Bool

    /// Of the next byte.
    private(set) var offset: Int64
    private(set) var assembler = LogLineAssembler()
    private(set) var index = LogIndex()
    private var before: [UInt8] = []
    /// That wrote the byte before `offset`.
    private var attempt: Int?
    private var mismatches = 0

    static let pieceBytes: Int64 = 1 << 20
    private static let mostBefore = 1024
    /// Looks at a file that is not what was read, before it counts as written anew: index and log of a
    /// new attempt do not reach the bucket in one step.
    private static let mostMismatches = 5

    /// What one look gave.
    enum Step: Sendable, Equatable {
        /// - Parameter more: there is more to be had at once.
        case lines([LogLine], more: Bool)
        /// Nothing new.
        case nothing
        /// The file is another one now, which is read from its beginning.
        case rewritten
    }

    init(source: any RunPlace, path: String, isIndexed: Bool, from offset: Int64 = 0) {
        self.source = source
        self.path = path
        self.isIndexed = isIndexed
        self.offset = offset
    }

    /// Looks once.
    ///
    /// - Throws: `Failure` where the source does not answer; the same look can be made again.
    mutating func step() async throws -> Step {
        let start = offset - Int64(before.count)
        let data = [UInt8](try await source.read(path, start..<offset + Self.pieceBytes))
        // After the bytes: then it knows every attempt that they may be of.
        if isIndexed, data.count != before.count || !data.elementsEqual(before) {
            try await loadIndex()
        }
        if let attempt, let restart = index.restart(after: attempt, before: offset) {
            // The machine is lost with what it had not synced, and what is there now is new.
            return .lines(jump(to: restart), more: true)
        }
        guard data.starts(with: before) else {
            // Behind what was read elsewhere.
            if before.starts(with: data) { return .nothing }
            mismatches += 1
            guard mismatches >= Self.mostMismatches else { return .nothing }
            _ = jump(to: 0)
            return .rewritten
        }
        mismatches = 0
        let new = data.dropFirst(before.count)
        guard !new.isEmpty else { return .nothing }
        let isFull = Int64(new.count) == Self.pieceBytes
        return .lines(take(new), more: isFull)
    }

    /// Ends the line under way, since nothing more will come.
    mutating func flush() -> [LogLine] { assembler.flush().map { [$0] } ?? [] }

    private mutating func loadIndex() async throws {
        let path = "\(BucketLayout.logs)/\(BucketLayout.trainLogIndex)"
        guard let data = try await source.document(path, limit: 32 << 20) else { return }
        let new = LogIndex(data)
        // A place that is behind must not take back what is known.
        if new.starts.last?.attempt ?? 0 >= index.starts.last?.attempt ?? 0 { index = new }
        attempt = attempt ?? index.attempt(at: max(0, offset - 1))
    }

    private mutating func jump(to restart: Int64) -> [LogLine] {
        let lines = flush()
        offset = restart
        before = []
        attempt = index.attempt(at: restart)
        mismatches = 0
        return lines
    }

    /// Makes lines of new bytes; a line ends where another attempt begins.
    private mutating func take(_ bytes: ArraySlice<UInt8>) -> [LogLine] {
        var lines: [LogLine] = []
        var rest = bytes
        let end = offset + Int64(bytes.count)
        for start in index.starts(after: attempt ?? 0, in: offset...end) where start.offset < end {
            let head = rest.prefix(Int(start.offset - offset))
            lines += assembler.add(head, at: offset, attempt: attempt)
            lines += flush()
            offset = start.offset
            attempt = start.attempt
            rest = rest.dropFirst(head.count)
        }
        lines += assembler.add(rest, at: offset, attempt: attempt)
        offset = end
        before = Array((before + bytes).suffix(Self.mostBefore))
        return lines
    }
}
