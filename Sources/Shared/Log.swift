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
    package func open(file path: String) {
        let opened = openForAppending(path)
        state.withLock { state in
            if state.file >= 0 { close(state.file) }
            state.file = opened
        }
    }

    private func openForAppending(_ path: String) -> Int32 {
        #if canImport(Glibc)
            Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        #elseif canImport(Musl)
            Musl.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        #else
            Darwin.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        #endif
    }

    package func info(_ message: String) { write(.info, message) }
    package func warning(_ message: String) { write(.warning, message) }
    package func error(_ message: String) { write(.error, message) }

    package func write(_ level: Level, _ message: String) {
        let time = now().formatted(.iso8601)
        let line = Array("\(time) \(level.rawValue.uppercased()) \(message)\n".utf8)
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
