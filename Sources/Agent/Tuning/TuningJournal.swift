import Shared

/// `logs/tuning.jsonl`: each line is one state of one request. The agent appends that it has
/// delivered a request, with the request in it; the trainer appends what became of it.
///
/// One file is both the way to the trainer and the record that a restart replays, so neither can
/// know of a request that the other has lost.
struct TuningJournal {
    /// One line, as far as the agent reads it.
    struct Line: Sendable, Equatable {
        var id: ULID
        var state: String
        var step: Int64?
        var fields: [String: JSONValue]
    }

    /// What no trainer of ours writes in one go; the rest comes with the next look.
    private static let mostBytes = 4 << 20
    private static let longestLine = 64 << 10

    let path: String
    private var offset: Int64 = 0

    init(path: String) { self.path = path }

    /// The whole lines that were appended since the last call. What is no line of ours is left out:
    /// the user's program may write there too.
    mutating func news() -> [Line] {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG
        else { return [] }
        let size = Int64(information.st_size)
        if size < offset { offset = 0 }
        guard size > offset else { return [] }
        var bytes = [UInt8](repeating: 0, count: Int(min(size - offset, Int64(Self.mostBytes))))
        let count = pread(descriptor, &bytes, bytes.count, off_t(offset))
        guard count > 0 else { return [] }
        let read = bytes.prefix(count)
        guard let end = read.lastIndex(of: UInt8(ascii: "\n")) else {
            // A line that never ends must not be read anew each second.
            if count == Self.mostBytes { offset += Int64(count) }
            return []
        }
        offset += Int64(end + 1)
        return read[...end].split(separator: UInt8(ascii: "\n")).compactMap(Self.line)
    }

    private static func line(_ bytes: ArraySlice<UInt8>) -> Line? {
        guard bytes.count <= longestLine,
            let value = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)),
            case .object(let fields) = value, case .string(let text)? = fields["id"],
            let id = ULID(text), case .string(let state)? = fields["state"], state.utf8.count < 20
        else { return nil }
        var step: Int64?
        if case .integer(let number)? = fields["step"] { step = number }
        return Line(id: id, state: state, step: step, fields: fields)
    }

    /// Appends that a request has arrived, for the trainer to read, or that it is refused.
    ///
    /// - Throws: `Failure` where the disk does not take the line: the request is then as unheard.
    func append(
        _ request: ControlRequest, refusal: String?, attempt: Int, now: Date
    ) throws {
        let line = try request.journalLine(refusal: refusal, attempt: attempt, now: now)
        let descriptor = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw systemFailure("cannot write \(quoted(path))") }
        defer { close(descriptor) }
        // A half line that a full disk or a crash left spoils only itself.
        let start = lastByte(descriptor).map { $0 == 0x0A } ?? true ? Data() : Data([0x0A])
        try AtomicFile.writeAll(start + line, to: descriptor, path: path)
    }

    private func lastByte(_ descriptor: Int32) -> UInt8? {
        let size = lseek(descriptor, 0, SEEK_END)
        var byte: UInt8 = 0
        return size > 0 && pread(descriptor, &byte, 1, size - 1) == 1 ? byte : nil
    }
}
