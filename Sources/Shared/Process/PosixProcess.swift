import Dispatch
import Synchronization

/// A child started by `PosixRunner`: waits for it on a thread of its own and drains its pipes.
final class PosixProcess: RunningCommand {
    let pid: Int32
    private let group: Command.Group
    private let state = Mutex(State())

    private struct State {
        var result: CommandResult?
        var waiters: [CheckedContinuation<CommandResult, Never>] = []
    }

    init(
        pid: Int32, group: Command.Group, streams: ChildStreams,
        onOutput: (@Sendable (ArraySlice<UInt8>) -> Void)?
    ) {
        self.pid = pid
        self.group = group
        let exited = Latch()
        let output = PipeDrain(streams.outputReader, exited: exited, onPiece: onOutput)
        let errors = PipeDrain(streams.errorReader, exited: exited, onPiece: nil)
        if let writer = streams.inputWriter { Self.feed(streams.inputData, into: writer) }
        DispatchQueue(label: "child-\(pid)").async { [self] in
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
            exited.set()
            let result = CommandResult(
                termination: Termination(waitStatus: status),
                output: output.finish(), errorOutput: errors.finish())
            let waiters = state.withLock { state in
                state.result = result
                defer { state.waiters = [] }
                return state.waiters
            }
            waiters.forEach { $0.resume(returning: result) }
        }
    }

    func wait() async -> CommandResult {
        await withCheckedContinuation { continuation in
            let result = state.withLock { state -> CommandResult? in
                if state.result == nil { state.waiters.append(continuation) }
                return state.result
            }
            if let result { continuation.resume(returning: result) }
        }
    }

    func send(_ signal: Int32) {
        switch group {
        case .own, .session:
            // The group may outlive its leader, so this goes on after the leader was reaped.
            kill(-pid, signal)
        case .inherited:
            // After the reaping the number may belong to another process.
            let ended = state.withLock { $0.result != nil }
            if !ended { kill(pid, signal) }
        }
    }

    /// Writes all of `data` and closes; a child that reads nothing must not block us.
    private static func feed(_ data: Data, into descriptor: Int32) {
        // A child may end before it has read all of it.
        SignalStream.ignoreBrokenPipes()
        DispatchQueue(label: "child-input").async {
            data.withUnsafeBytes { buffer in
                var rest = buffer[...]
                while !rest.isEmpty {
                    let count = write(
                        descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                    if count < 0 && errno == EINTR { continue }
                    guard count > 0 else { break }
                    rest = rest.dropFirst(count)
                }
            }
            close(descriptor)
        }
    }
}
