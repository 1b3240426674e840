import Shared

/// The trainer that an agent left running when it died.
enum OrphanedTrainer {
    /// Ends its process group and waits until it is gone.
    ///
    /// The trainer must never run twice into one output directory.
    ///
    /// - Throws: `Failure` where it cannot be ended.
    static func end(
        _ trainer: ProcessIdentity, grace: Duration, clock: any Clock<Duration>
    ) async throws {
        guard trainer.isAlive else { return }
        kill(-trainer.pid, SIGTERM)
        let steps = max(1, Int(grace.seconds * 10))
        for step in 0..<(steps + 100) where trainer.isAlive {
            if step == steps { kill(-trainer.pid, SIGKILL) }
            try await clock.sleep(for: .milliseconds(100))
        }
        guard !trainer.isAlive else {
            throw Failure(
                "the trainer of a former agent (process \(trainer.pid)) cannot be ended",
                hint: "restart the machine")
        }
        // Its workers and its TensorBoard.
        kill(-trainer.pid, SIGKILL)
    }
}
