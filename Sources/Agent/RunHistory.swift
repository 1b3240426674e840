import Shared

/// Takes over what a former machine of this run left in the bucket: attempt and events.
///
/// Without it a new machine would call itself the first, overwrite the events of the attempts
/// before it, and train again what has long succeeded.
struct RunHistory {
    let context: RunContext

    /// Reads the bucket once for each disk, before anything is uploaded.
    ///
    /// - Throws: `Failure` where the bucket does not answer.
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
                throw Failure(
                    "\(output) holds another run: \(status.run)", hint: "give another place")
            }
            try await adopt(status, client)
        }
        try context.record { $0.knowsHistory = true }
    }

    private func adopt(_ status: RunStatus, _ client: StoreClient) async throws {
        let events = try await context.retrying(.prepare) {
            try await client.read(BucketLayout.events, limit: 256 << 20)
        }
        if let events {
            let path = context.job.directories.work + "/run/events.jsonl"
            let own = (try? readFile(path, limit: 256 << 20)) ?? Data()
            try AtomicFile.write(events + own, to: path)
        }
        try context.record { journal in
            journal.attempt = max(journal.attempt, status.attempt + 1)
            journal.restarts = max(journal.restarts, status.restarts)
            journal.startedAt = min(journal.startedAt, status.startedAt)
            if let outcome = status.outcome, outcome.kind != .preempted {
                journal.outcome = outcome
                journal.attempt = status.attempt
            }
        }
        let journal = context.journal
        context.board.update { new in
            new.attempt = journal.attempt
            new.restarts = journal.restarts
            new.startedAt = journal.startedAt
            new.phases = status.phases + new.phases
        }
        context.board.event(
            .phaseStarted, phase: .prepare, "this is attempt \(journal.attempt) of the run")
    }
}
