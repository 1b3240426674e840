import Shared

/// What a Python process with the observer says of itself: by which signal it writes its stacks.
///
/// A file that a trainer's process wrote. The signal ends a process that does not expect it, so it is
/// sent only to a process of the trainer that is the very one of the file and catches that signal.
struct StackRegistration: Sendable, Equatable {
    var pid: Int32
    /// Clock ticks since the boot: field 22 of /proc/PID/stat (proc(5)).
    var start: UInt64
    var signal: Int32

    /// The real-time signals that glibc leaves to programs (signal(7)).
    private static let signals: ClosedRange<Int32> = 34...64

    /// - Returns: nil where the text is no registration.
    init?(_ text: some RandomAccessCollection<UInt8>) {
        var numbers: [String: Int64] = [:]
        for case (let key, .number(let number)) in FlatJSON.members(of: text) ?? []
        where number >= 0 && number < 1e15 {
            numbers[key] = Int64(number)
        }
        guard let pid = numbers["pid"].flatMap({ Int32(exactly: $0) }), pid > 1,
            let start = numbers["start"], let signal = numbers["signal"],
            let number = Int32(exactly: signal), Self.signals.contains(number)
        else { return nil }
        (self.pid, self.start, self.signal) = (pid, UInt64(start), number)
    }

    /// That of one process; nil where there is none, or it is of another process of that number.
    init?(of pid: Int32, in directory: String) {
        guard let data = try? readFile("\(directory)/\(pid).json", limit: 4096),
            let found = Self([UInt8](data)), found.pid == pid, found.isCaught
        else { return nil }
        self = found
    }

    /// Whether that process lives and has a handler for the signal: exec(2) takes it away.
    private var isCaught: Bool {
        #if os(Linux)
            guard let fields = ProcessIdentity.statFields(of: pid), fields.count > 19,
                UInt64(fields[19]) == start,
                let data = try? readFile("/proc/\(pid)/status", limit: 1 << 16)
            else { return false }
            return Self.catches(signal, String(decoding: data, as: UTF8.self))
        #else
            return false
        #endif
    }

    /// Whether /proc/PID/status has the signal's bit in `SigCgt` (proc(5)).
    static func catches(_ signal: Int32, _ status: String) -> Bool {
        for line in status.split(separator: "\n") where line.hasPrefix("SigCgt:") {
            guard let mask = UInt64(line.dropFirst("SigCgt:".count)[...].trimmed, radix: 16) else {
                return false
            }
            return mask >> UInt64(signal - 1) & 1 == 1
        }
        return false
    }
}
