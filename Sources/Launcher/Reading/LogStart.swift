import Shared

/// Where reading a log begins: `--since` and `--tail`.
enum LogStart: Sendable, Equatable {
    case beginning
    /// A byte of the file.
    case offset(Int64)
    /// The same, with the attempt that it is of.
    case address(attempt: Int, offset: Int64)
    case time(Date)
    /// So long ago.
    case ago(TimeSpan)
    /// The last lines.
    case tail(Int)

    static let expectation =
        "an offset such as 4096, an address such as 2:4096, a moment such as "
        + "2026-01-31T12:00:00Z, or a length of time such as 10m"

    /// Reads `--since`; nil for any other text.
    init?(since text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        if let offset = Int64(text), offset >= 0 {
            self = .offset(offset)
        } else if parts.count == 2, let attempt = Int(parts[0]), attempt > 0,
            let offset = Int64(parts[1]), offset >= 0
        {
            self = .address(attempt: attempt, offset: offset)
        } else if let time = try? Date(text, strategy: .iso8601) {
            self = .time(time)
        } else if let span = TimeSpan(text) {
            self = .ago(span)
        } else {
            return nil
        }
    }

    /// The offset to begin at.
    ///
    /// A moment is found by the marks of the index, some 30 s apart: a few lines from before it come too.
    ///
    /// - Throws: `Failure` where the source does not answer or does not know that attempt.
    func offset(
        in path: String, of source: any RunPlace, isIndexed: Bool, now: Date
    ) async throws -> Int64 {
        switch self {
        case .beginning: return 0
        case .offset(let offset): return offset
        case .address(let attempt, let offset):
            let index = try await Self.index(of: source, isIndexed: isIndexed)
            guard let start = index.start(of: attempt) else {
                throw Failure("the log holds nothing of an attempt \(attempt)")
            }
            // What a later attempt has written over is lost.
            return max(start, index.restart(after: attempt, before: offset) ?? offset)
        case .time(let time):
            return try await Self.index(of: source, isIndexed: isIndexed).offset(at: time)
        case .ago(let span):
            let index = try await Self.index(of: source, isIndexed: isIndexed)
            return index.offset(at: now.addingTimeInterval(-span.seconds))
        case .tail(let count): return try await Self.tail(count, of: path, in: source)
        }
    }

    private static func index(
        of source: any RunPlace, isIndexed: Bool
    ) async throws -> LogIndex {
        guard isIndexed else {
            throw Failure.usage(
                "--since takes an offset alone with --agent",
                hint: "each line of that log begins with its time")
        }
        let path = "\(BucketLayout.logs)/\(BucketLayout.trainLogIndex)"
        return LogIndex(try await source.document(path, limit: 32 << 20) ?? Data())
    }

    /// Reads backwards until there are enough line breaks.
    private static func tail(
        _ count: Int, of path: String, in source: any RunPlace
    ) async throws -> Int64 {
        let size = try await source.size(of: path)
        guard count > 0 else { return size }
        var start = size
        var breaks = 0
        while start > 0 {
            let piece = max(0, start - LogReader.pieceBytes / 4)..<start
            let bytes = [UInt8](try await source.read(path, piece))
            for index in bytes.indices.reversed() where bytes[index] == 0x0A {
                let next = piece.lowerBound + Int64(index) + 1
                // The break that ends the last line begins none.
                if next == size { continue }
                breaks += 1
                if breaks == count { return next }
            }
            start = piece.lowerBound
        }
        return 0
    }
}
