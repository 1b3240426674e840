import Shared

/// A port of a rented machine's loopback as one of this computer's, through the one connection.
struct MachineTunnel: Sendable {
    let connection: SSHConnection
    let local: LoopbackPort
    let remote: Int

    private var forward: String { "127.0.0.1:\(local.number):127.0.0.1:\(remote)" }

    /// Runs `words` on the machine for as long as the task lives; the port is forwarded meanwhile.
    ///
    /// They get a terminal of their own, so that the machine ends them when the connection does.
    ///
    /// - Returns: when they have ended, or the link has.
    func run(_ words: [String]) async throws -> CommandResult {
        var command = connection.login.command(words, isInteractive: false)
        command.arguments =
            ["-tt", "-o", "ExitOnForwardFailure=yes", "-L", forward] + command.arguments
        let result = try await connection.runner.run(command)
        await cancelForward()
        return result
    }

    /// A shared connection keeps a forward that a command asked for beyond that command.
    private func cancelForward() async {
        guard connection.login.socket != nil else { return }
        let runner = connection.runner
        var command = connection.login.command([], isInteractive: false)
        command.arguments = ["-O", "cancel", "-L", forward] + command.arguments
        // Uncancelled: it is the cancellation that this follows.
        _ = await Task { [command] in
            try? await runner.run(command, timeout: .seconds(5))
        }.value
    }
}
