import Shared

/// Makes the directories, ends what a former agent left running, reads the secrets.
struct Prepare: PhaseWork {
    let phase = Phase.prepare

    func perform(_ context: RunContext) async throws -> PhaseResult {
        let directories = context.job.directories
        for path in [directories.output, directories.logs] { try makeDirectories(path) }
        if let trainer = context.journal.trainer {
            // What it has closed by now and leaves alone is whole.
            if trainer.isAlive {
                context.engine.watch(trainer)
                await context.engine.observe()
            }
            try await FormerTrainer.end(
                trainer, grace: .seconds(context.job.graceSeconds), clock: context.host.clock)
            // Nobody saw how it ended.
            await context.engine.trainerEnded(
                abnormally: true, machineDied: !trainer.isOfThisBoot)
            try context.record { $0.trainer = nil }
        }
        if let secrets = context.job.secrets {
            context.keep(secrets: try await Self.read(secrets, context))
        }
        return .succeeded
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
        guard let secrets = try? JSONDecoder().decode([String: String].self, from: data) else {
            throw Failure("\(place): not a JSON object of names and texts")
        }
        return secrets
    }
}
