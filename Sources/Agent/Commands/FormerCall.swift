import Shared

/// What a run by hand finds in its store, before this machine or the store is written to.
enum FormerCall {
    /// - Parameter trainsAgain: also where the run in the store has succeeded.
    /// - Returns: whether the store holds an earlier call of this run, which is then gone on with.
    /// - Throws: `Failure`: exit code 2 where there is nothing to train or the store is another
    ///   run's, 125 where it does not answer.
    static func look(at job: Job, trainsAgain: Bool, host: Host) async throws -> Bool {
        guard let output = job.output, let status = try await status(in: output, of: job, host)
        else { return false }
        guard status.run == job.run else {
            throw Failure.usage(
                "--store \(output) holds another run: \(status.run)",
                hint: "give this one a place of its own, such as --store \(output)/\(job.run.slug)")
        }
        if status.outcome?.kind == .succeeded, !trainsAgain {
            throw Failure.usage(
                "the run in \(output) is over and has succeeded, so nothing is trained",
                hint: "add --again to train on from its output, or give another --store")
        }
        return true
    }

    private static func status(
        in output: String, of job: Job, _ host: Host
    ) async throws -> RunStatus? {
        let name = output + "/" + BucketLayout.status
        var retry = Retry()
        retry.clock = host.clock
        do {
            let client = try RunContext.client(for: output, of: job, host.runner)
            let data = try await retry.run(
                attempts: 3,
                onFailure: { error, pause in
                    let seconds = Int(pause.seconds.rounded(.up))
                    host.log.warning("\(name): \(error); again in \(seconds) s")
                }
            ) { try await client.read(BucketLayout.status) }
            return try data.map { try JSONFormat.decode(RunStatus.self, from: $0, name: name) }
        } catch var failure as Failure {
            failure.exit = ExitCode.setupFailed.rawValue
            throw failure
        }
    }
}

/// Refuses a store that the sync would copy into itself, growing with every round.
enum StoreNesting {
    /// - Throws: `Failure` with exit code 2 naming both places; symbolic links are resolved.
    static func check(_ job: Job) throws {
        guard let output = job.output else { return }
        let url = try StoreURL(parsing: output)
        guard url.scheme == "file" else { return }
        let store = resolved(url.path)
        let trees = [("output", job.directories.output), ("logs", job.directories.logs)]
        for (name, path) in trees {
            let tree = resolved(path)
            guard holds(tree, store) || holds(store, tree) else { continue }
            throw Failure.usage(
                "the store \(quoted(url.path)) and the \(name) directory \(quoted(path)) lie in "
                    + "each other, so the sync would copy its own copies",
                hint: "give --store a place that neither holds --\(name)_directory nor lies in it")
        }
    }

    private static func holds(_ outer: String, _ inner: String) -> Bool {
        (inner + "/").hasPrefix(outer == "/" ? "/" : outer + "/")
    }

    /// Where a path leads whose last parts may not be there yet.
    private static func resolved(_ path: String) -> String {
        if let real = realPath(path) { return real }
        let parent = parentDirectory(path)
        guard parent != path, let name = path.split(separator: "/").last else { return path }
        let outer = resolved(parent)
        return outer == "/" ? "/\(name)" : "\(outer)/\(name)"
    }
}
