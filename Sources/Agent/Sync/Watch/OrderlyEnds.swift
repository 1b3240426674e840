import Shared

/// Which processes of the trainer ended by themselves, and what they had open for writing then.
///
/// Each Python process under the observer appends a line before it leaves: `_end_mark.py` of the helper
/// library. A signal and `os._exit` leave none. The trainer can write anything there, but only
/// misjudge files of its own. The kernel marks a process as exiting after it has written its line.
struct OrderlyEnds {
    /// The file, in the observer's directory.
    static let name = "ends"

    private struct End {
        var started: UInt64
        /// In nanoseconds since 1970.
        var time: Int64
        var open: Set<UInt64>
    }

    private let path: String
    private var readTo: off_t = 0
    private var inode: ino_t = 0
    private var ends: [Int32: End] = [:]
    /// When a file was last left open by a process that ended, by its inode.
    private var left: [UInt64: Int64] = [:]
    private var latest = Int64.min

    private static let mostRead = 1 << 20
    /// A long training has many workers; those of hours ago close nothing any more.
    private static let mostKept = 20_000
    /// What the end of a process writes is written soon after its line, in nanoseconds.
    private static let leaving: Int64 = 5_000_000_000

    init(path: String) { self.path = path }

    /// Reads the lines that are new.
    mutating func refresh() {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        // Nobody has ended so yet, or the observer is off.
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG
        else { return }
        if information.st_ino != inode || information.st_size < readTo {
            // Of another attempt.
            self = OrderlyEnds(path: path)
            inode = information.st_ino
        }
        let wanted = min(Int(information.st_size - readTo), Self.mostRead)
        guard wanted > 0 else { return }
        var bytes = [UInt8](repeating: 0, count: wanted)
        let count = pread(descriptor, &bytes, wanted, readTo)
        guard count > 0 else { return }
        let new = bytes.prefix(count)
        guard let end = new.lastIndex(of: UInt8(ascii: "\n")) else {
            // Half a line is read again, unless it is no line at all.
            if count == Self.mostRead { readTo += off_t(count) }
            return
        }
        readTo += off_t(end + 1)
        for line in new[..<end].split(separator: UInt8(ascii: "\n")) { take(line) }
    }

    private mutating func take(_ line: ArraySlice<UInt8>) {
        let numbers = line.split(separator: UInt8(ascii: " ")).map {
            UInt64(String(decoding: $0, as: UTF8.self))
        }
        guard numbers.count >= 3, let pid = numbers[0].flatMap(Int32.init(exactly:)),
            let started = numbers[1], let time = numbers[2].flatMap(Int64.init(exactly:))
        else { return }
        if max(ends.count, left.count) >= Self.mostKept { (ends, left) = ([:], [:]) }
        let open = Set(numbers.dropFirst(3).compactMap(\.self))
        ends[pid] = End(started: started, time: time, open: open)
        for file in open { left[file] = max(time, left[file] ?? .min) }
        latest = max(latest, time)
    }

    /// Whether this process has ended so, or is about to.
    func has(pid: Int32, started: UInt64) -> Bool { ends[pid]?.started == started }

    /// Whether the process closed the file itself, before its end.
    ///
    /// What was written later is of a thread that went on meanwhile, or of another process that has
    /// the number by now.
    ///
    /// - Parameter pid: nil where one of those that ended did it, and nobody knows which.
    func isClosed(_ file: ClosedFiles.Close, by pid: Int32?) -> Bool {
        guard let pid else { return file.mtime <= latest && !isLeftOpen(file) }
        guard let end = ends[pid] else { return false }
        return file.mtime <= end.time && !end.open.contains(file.identity.inode)
    }

    /// Whether a process that ended so had the file open to its end, and nobody has written to it since.
    func isLeftOpen(_ file: ClosedFiles.Close) -> Bool {
        left[file.identity.inode].map { file.mtime <= $0 &+ Self.leaving } ?? false
    }
}
