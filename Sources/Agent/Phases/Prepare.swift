import Shared

/// Makes the directories, ends what a former agent left running, reads the secrets.
struct Prepare: PhaseWork {
    let phase = Phase.prepare

    func perform(_ context: RunContext) async throws -> PhaseResult {
        let directories = context.job.directories
        // By hand there are other users. What is there already is as its owner wants it.
        let mode: mode_t = context.call == .ofJob ? 0o755 : 0o700
        for path in [directories.output, directories.logs] {
            try makeDirectories(path, mode: mode)
        }
        if let trainer = context.journal.trainer {
            // What it has closed by now and leaves alone is whole.
            if trainer.isAlive {
                context.engine.watch(trainer)
                await context.engine.observe()
            }
            try await OrphanedTrainer.end(
                trainer, grace: .seconds(context.job.graceSeconds), clock: context.host.clock)
            // Nobody saw how it ended.
            await context.engine.trainerEnded(
                abnormally: true, machineDied: !trainer.isOfThisBoot)
            try await context.record { $0.trainer = nil }
        }
        try await Self.readSecrets(context)
        return .succeeded
    }

    /// Keeps what `job.secrets` names for the trainer's environment.
    ///
    /// - Throws: `Failure` that names the place, never a value.
    static func readSecrets(_ context: RunContext) async throws {
        guard let secrets = context.job.secrets else { return }
        context.keep(secrets: try await read(secrets, context))
    }

    /// - Throws: `Failure` that names the place, never a value.
    private static func read(_ place: String, _ context: RunContext) async throws -> [String:
        String]
    {
        let data: Data
        if place.contains("://") {
            let (client, name) = try context.client(forObject: place)
            let read = try await context.retrying(.prepare) { try await client.read(name) }
            guard let read else { throw Failure("\(place): the secrets are not there") }
            data = read
        } else {
            data = try readFile(place)
        }
        return try SecretsDocument(reading: data, name: place).secrets
    }
}
