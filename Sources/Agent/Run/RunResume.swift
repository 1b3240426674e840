import Shared

/// Takes over what a former machine of this run left in the bucket: attempt and events.
///
/// Without it a new machine would call itself the first, overwrite the events of the attempts
/// before it, and train again what has long succeeded.
struct RunResume {
    let context: RunContext

    /// Reads the bucket once for each disk, before anything is uploaded.
    ///
    /// - Throws: `Failure` where the bucket does not answer; `Refusal` where it holds another run.
    func adopt() async throws {
        guard let output = context.job.output, !context.journal.knowsHistory else {
            return
        }
        let client = try context.client(for: output)
        let data = try await context.retrying(.prepare) {
            try await client.read(BucketLayout.status)
        }
        if let data {
            let status = try JSONFormat.decode(
                RunStatus.self, from: data, name: output + "/" + BucketLayout.status)
            guard status.run == context.job.run else {
                throw Refusal(
                    failure: .usage(
                        "\(output) holds another run: \(status.run)",
                        hint: "give this run a place of its own; nothing was changed there"))
            }
            try await adopt(status, client)
        }
        try await context.record { $0.knowsHistory = true }
    }

    private func adopt(_ status: RunStatus, _ client: StoreClient) async throws {
        let events = try await context.retrying(.prepare) {
            try await client.read(BucketLayout.events, limit: 256 << 20)
        }
        if let events {
            try await context.board.prepend(events)
        }
        try await context.record { journal in
            let next = status.start.onNextMachine
            journal.attempt = max(journal.attempt, next.machine)
            // A person who starts a run again that is over allows the trainer all its restarts once
            // more.
            if context.call == .ofJob {
                journal.restarts = max(journal.restarts, next.restarts)
                journal.recovery = journal.recovery ?? status.recovery
                journal.maxDurationSeconds =
                    journal.maxDurationSeconds ?? status.maxDurationSeconds
            }
            journal.startedAt = min(journal.startedAt, status.startedAt)
            if let outcome = status.outcome, outcome.kind != .preempted, context.call == .ofJob {
                journal.outcome = outcome
                journal.attempt = status.attempt
            }
        }
        let journal = context.journal
        context.board.update { new in
            new.start = journal.start
            new.recovery = journal.recovery
            new.maxDurationSeconds = journal.maxDurationSeconds
            new.startedAt = journal.startedAt
            new.phases = status.phases + new.phases
        }
        context.board.event(
            .note, phase: .prepare, "this is attempt \(journal.start.number) of the run")
    }

    /// The store belongs to another run: nothing may be read or written there any more.
    struct Refusal: Error {
        var failure: Failure
    }
}
