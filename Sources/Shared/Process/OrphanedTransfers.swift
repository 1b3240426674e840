/// Ends transfers that outlived the program that started them.
///
/// After a SIGKILL of the agent, or of a `train finish`, its child goes on: it would replace what its
/// successor sends or has checked by something older. Under systemd the whole unit ends at once,
/// and there is nothing here to do.
package enum OrphanedTransfers {
    /// In the environment of every transfer, and so of all that a tool starts in its turn: the
    /// directory that it works for.
    package static let mark = "AI_TRAINING_TRANSFER"

    /// Kills the groups of all processes that work for `directory`, and returns once they are gone.
    package static func end(of directory: String) { MarkedProcesses.end(mark, directory) }
}
