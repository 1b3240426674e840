import Shared

/// One emulator of each kind, started once however many tests ask at the same time.
actor SharedEmulators {
    private var started: [Emulator.Kind: Task<Emulator, any Error>] = [:]

    func emulator(_ kind: Emulator.Kind) async throws -> Emulator {
        let task = started[kind] ?? Task { try await Emulator.start(kind) }
        started[kind] = task
        return try await task.value
    }
}

/// Runs commands for real, with more environment; what a command sets itself counts.
package struct EnvironmentRunner: CommandRunner {
    package let environment: [String: String?]

    package init(environment: [String: String?]) { self.environment = environment }

    package func start(
        _ command: Command, onOutput: (@Sendable (ArraySlice<UInt8>) -> Void)?
    ) throws -> any RunningCommand {
        var command = command
        command.environment = environment.merging(command.environment) { $1 }
        return try PosixRunner().start(command, onOutput: onOutput)
    }
}
