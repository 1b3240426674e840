import Synchronization

/// Lines with a time and a level, to stderr, to a file, or both.
///
/// A log that cannot be written must never end a training: a full disk costs lines, nothing else.
package final class Log: Sendable {
    package enum Level: String, Sendable { case debug, info, warning, error }

    private struct State {
        var file: Int32 = -1
        var toStandardError: Bool
    }

    private let state: Mutex<State>
    private let now: @Sendable () -> Date

    package init(toStandardError: Bool = true, now: @escaping @Sendable () -> Date = { Date() }) {
        self.state = Mutex(State(toStandardError: toStandardError))
        self.now = now
    }

    /// Appends to `path` from now on; without an error where that is not possible.
    ///
    /// - Parameter mode: of a file that is not there yet.
    package func open(file path: String, mode: mode_t = 0o644) {
        let opened = openForAppending(path, mode)
        state.withLock { state in
            if state.file >= 0 { close(state.file) }
            state.file = opened
        }
    }

    private func openForAppending(_ path: String, _ mode: mode_t) -> Int32 {
        #if canImport(Glibc)
            Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, mode)
        #elseif canImport(Musl)
            Musl.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, mode)
        #else
            Darwin.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, mode)
        #endif
    }

    package func info(_ message: String) { write(.info, message) }
    package func warning(_ message: String) { write(.warning, message) }
    package func error(_ message: String) { write(.error, message) }

    package func write(_ level: Level, _ message: String) {
        let time = now().formatted(.iso8601)
        // On a terminal by hand, and for whoever reads the file there: what a trainer, a tool or a file
        // name brought neither steers it nor passes for a line of its own.
        let text = harmless(message).replacing("\n", with: "\n    ")
        let line = Array("\(time) \(level.rawValue.uppercased()) \(text)\n".utf8)
        state.withLock { state in
            for target in [state.toStandardError ? 2 : -1, state.file] where target >= 0 {
                line.withUnsafeBytes { buffer in
                    // One write: lines of two processes never mix within an O_APPEND file.
                    _ = systemWrite(target, buffer)
                }
            }
        }
    }

    private func systemWrite(_ descriptor: Int32, _ buffer: UnsafeRawBufferPointer) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, buffer.baseAddress, buffer.count)
        #elseif canImport(Musl)
            Musl.write(descriptor, buffer.baseAddress, buffer.count)
        #else
            Darwin.write(descriptor, buffer.baseAddress, buffer.count)
        #endif
    }
}
