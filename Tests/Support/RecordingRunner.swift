import Shared
import Synchronization

/// Runs commands for real and remembers each.
package final class RecordingRunner: CommandRunner {
    private let recorded = Mutex<[Command]>([])

    package init() {}

    /// What was run, in order.
    package var commands: [Command] { recorded.withLock { $0 } }

    package func start(
        _ command: Command, onOutput: (@Sendable (ArraySlice<UInt8>) -> Void)?
    ) throws -> any RunningCommand {
        recorded.withLock { $0.append(command) }
        return try PosixRunner().start(command, onOutput: onOutput)
    }
}
