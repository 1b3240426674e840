import Shared

/// Runs commands for real, but one executable never ends until it is told to by a signal.
///
/// So a test can do something while a step is certainly going on.
package struct HoldingRunner: CommandRunner {
    private let executable: String

    package init(holding executable: String) { self.executable = executable }

    package func start(
        _ command: Command, onOutput: (@Sendable (ArraySlice<UInt8>) -> Void)?
    ) throws -> any RunningCommand {
        guard command.executable == executable else {
            return try PosixRunner().start(command, onOutput: onOutput)
        }
        return Held()
    }

    private struct Held: RunningCommand {
        let pid: Int32 = 0
        let isTold = Latch()

        func wait() async -> CommandResult {
            while !isTold.isSet {
                // In a task of its own: a sleep in a cancelled one would return at once.
                await Task { try? await Task.sleep(for: .milliseconds(5)) }.value
            }
            return CommandResult(termination: .signalled(SIGTERM))
        }

        func send(_ signal: Int32) { isTold.set() }
    }
}
