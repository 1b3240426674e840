import Dispatch
import Shared

/// Shows the trainer's output in the terminal of a run by hand, as it comes.
///
/// It is read from the log that the trainer writes, so it stands there once, and a terminal that is
/// stopped (Ctrl-S) or gone holds nobody up. On a terminal every byte passes: progress bars live of
/// carriage returns, and the terminal is the user's own. Elsewhere of each line what follows the last
/// carriage return is shown.
final class ForegroundOutput: Sendable {
    /// In bytes; a longer line without an end is shown in pieces.
    private static let longestLine = 64 << 10
    /// Between two looks at the log.
    private static let interval: DispatchTimeInterval = .milliseconds(100)
    /// How long the end of a run waits for a terminal that takes nothing.
    private static let patience: DispatchTimeInterval = .seconds(2)

    private let wake = DispatchSemaphore(value: 0)
    private let done = DispatchSemaphore(value: 0)
    private let isEnding = Latch()

    /// - Parameters:
    ///   - log: the trainer's.
    ///   - offset: in bytes; what lies before it was there before.
    ///   - isTerminal: whether `descriptor` is one.
    init(
        log: String, from offset: Int64, to descriptor: Int32 = STDOUT_FILENO,
        isTerminal: Bool = isatty(STDOUT_FILENO) == 1
    ) {
        DispatchQueue(label: "foreground").async { [self] in
            var copy = LogCopy(
                log: log, offset: offset, descriptor: descriptor, isRaw: isTerminal)
            while true {
                let isLast = isEnding.isSet
                copy.advance()
                if isLast { break }
                _ = wake.wait(timeout: .now() + Self.interval)
            }
            copy.finish()
            done.signal()
        }
    }

    /// Returns once all that the log holds is shown, or the terminal takes nothing.
    func end() async {
        isEnding.set()
        wake.signal()
        await offTaskThreads { _ = self.done.wait(timeout: .now() + Self.patience) }
    }

    /// Where the copy is, and what of the last line waits for its end.
    private struct LogCopy {
        let log: String
        var offset: Int64
        let descriptor: Int32
        let isRaw: Bool
        /// Held open, so that no file made later gets its inode's number.
        private var file: Int32 = -1
        private var line = Data()
        /// The terminal is gone, or the pipe's reader.
        private var isBroken = false

        init(log: String, offset: Int64, descriptor: Int32, isRaw: Bool) {
            self.log = log
            self.offset = offset
            self.descriptor = descriptor
            self.isRaw = isRaw
        }

        mutating func advance() {
            if file >= 0 { read() }
            var (named, opened) = (stat(), stat())
            guard !isBroken, stat(log, &named) == 0 else { return }
            let isSame = file >= 0 && fstat(file, &opened) == 0 && opened.st_ino == named.st_ino
            guard !isSame else { return }
            // Removed and made anew by the training; where it was, only the first one begins.
            if file >= 0 {
                close(file)
                offset = 0
            }
            file = open(log, O_RDONLY | O_CLOEXEC)
            if file >= 0 { read() }
        }

        /// Shows what the open log has more than before.
        private mutating func read() {
            var information = stat()
            // Emptied by the training.
            if fstat(file, &information) == 0, Int64(information.st_size) < offset { offset = 0 }
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            while !isBroken {
                let count = pread(file, &buffer, buffer.count, off_t(offset))
                guard count > 0 else { return }
                offset += Int64(count)
                show(buffer[..<count])
            }
        }

        mutating func finish() {
            if !line.isEmpty { write(Self.shown(line)) }
            if file >= 0 { close(file) }
        }

        private mutating func show(_ bytes: ArraySlice<UInt8>) {
            if isRaw { return write(Data(bytes)) }
            line.append(contentsOf: bytes)
            while let end = line.firstIndex(of: UInt8(ascii: "\n")) {
                write(Self.shown(line[line.startIndex...end]))
                line = Data(line[(end + 1)...])
            }
            guard line.count > ForegroundOutput.longestLine else { return }
            write(Self.shown(line))
            line = Data()
        }

        private static func shown(_ line: Data) -> Data {
            let isBreak = { (byte: UInt8) in
                byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
            }
            let text = line.prefix(
                upTo: (line.lastIndex { !isBreak($0) } ?? line.startIndex - 1) + 1)
            let start = text.lastIndex(of: UInt8(ascii: "\r")).map { $0 + 1 } ?? text.startIndex
            let isWhole = line.last == UInt8(ascii: "\n")
            return Data(text[start...]) + (isWhole ? Data([UInt8(ascii: "\n")]) : Data())
        }

        private mutating func write(_ bytes: Data) {
            do {
                try AtomicFile.writeAll(bytes, to: descriptor, path: "the terminal")
            } catch {
                isBroken = true
            }
        }
    }
}
