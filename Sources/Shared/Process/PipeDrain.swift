import Dispatch
import Synchronization

/// Reads one pipe of a child to its end, on a thread of its own.
///
/// A grandchild that inherited the pipe can hold it open for ever after the child's exit; then
/// reading goes on for two seconds and no longer (buildkite's WaitDelay: "blocks forever").
final class PipeDrain: Sendable {
    private let collected = Mutex<[UInt8]>([])
    private let done = DispatchSemaphore(value: 0)

    private static let graceAfterExit: Duration = .seconds(2)

    init(
        _ descriptor: Int32?, exited: Latch,
        onPiece: (@Sendable (ArraySlice<UInt8>) -> Void)?
    ) {
        guard let descriptor else {
            done.signal()
            return
        }
        DispatchQueue(label: "pipe-\(descriptor)").async { [self] in
            drain(descriptor, exited: exited, onPiece: onPiece)
            close(descriptor)
            done.signal()
        }
    }

    private func drain(
        _ descriptor: Int32, exited: Latch, onPiece: (@Sendable (ArraySlice<UInt8>) -> Void)?
    ) {
        var buffer = [UInt8](repeating: 0, count: 65536)
        var giveUp: ContinuousClock.Instant?
        while true {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&entry, 1, 100)
            if ready == 0 {
                guard exited.isSet else { continue }
                let limit = giveUp ?? ContinuousClock.now + Self.graceAfterExit
                giveUp = limit
                if ContinuousClock.now > limit { return }
                continue
            }
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            collected.withLock { bytes in
                bytes.append(contentsOf: buffer[..<count])
                // Only the end is kept of what is absurdly long.
                if bytes.count > Command.captureLimit { bytes.removeFirst(bytes.count / 2) }
            }
            onPiece?(buffer[..<count])
        }
    }

    /// What was read; returns once reading has ended.
    func finish() -> String {
        done.wait()
        return collected.withLock { String(decoding: $0, as: UTF8.self) }
    }
}
