import Shared
import Synchronization

/// Answers commands from a script and records each; a command it does not know fails the test.
package final class ScriptedRunner: CommandRunner {
    package typealias Answer = @Sendable (Command) throws -> CommandResult?

    private let answer: Answer
    private let recorded = Mutex<[Command]>([])

    /// - Parameter answer: gives the result of a command; nil for one that is not expected.
    package init(_ answer: @escaping Answer) { self.answer = answer }

    /// What was run, in order.
    package var commands: [Command] { recorded.withLock { $0 } }

    package func start(
        _ command: Command, onOutput: (@Sendable (ArraySlice<UInt8>) -> Void)?
    ) throws -> any RunningCommand {
        recorded.withLock { $0.append(command) }
        guard let result = try answer(command) else {
            throw Failure("the test's script knows no answer to: \(command)")
        }
        onOutput?(Array(result.output.utf8)[...])
        return Finished(result: result)
    }

    private struct Finished: RunningCommand {
        let pid: Int32 = 0
        let result: CommandResult
        func wait() async -> CommandResult { result }
        func send(_ signal: Int32) {}
    }
}
