import Shared

/// This machine as a cloud, for trying and debugging: directories are its buckets, a detached agent
/// is its VM.
struct LocalCloud: Cloud {
    let name = "local"
    let defaultProjectName: String? = "local"
    let needsCredentials = false
    let runner: any CommandRunner
    let clock: any Clock<Duration>

    var agentTarget: AgentTarget { .thisMachine() }

    func dataset(_ text: String) throws -> DatasetPlace { try DatasetPlace(text) }

    func output(of run: RunName, in folder: RunFolder, bucket: String?) throws -> StoreURL {
        guard let bucket else { return try StoreURL(parsing: folder.bucket) }
        return try StoreURL(parsing: bucket).appending(run.slug)
    }

    func preflight(_ plan: Plan) async throws -> Plan {
        guard isInstalled("python3") else {
            throw Failure(
                "python3 is not installed, or not in PATH", hint: "install Python 3.8 or later")
        }
        return plan
    }

    func rehearse(_ plan: Plan, in folder: RunFolder, steps: Steps) async throws -> Rehearsal {
        let job = try await prepare(plan, createdAt: Date(), in: folder, steps: steps)
        let text = "Nothing is made: the agent runs on this computer, in the run's own folder."
        return Rehearsal(plan: text, userData: "", job: job)
    }

    func provision(_ plan: Plan, record: RunRecord, in folder: RunFolder, steps: Steps) async throws
    {
        _ = try await prepare(plan, createdAt: record.createdAt, in: folder, steps: steps)
        try await steps.run("starting the agent") {
            try await startAgent(plan, record: record, in: folder)
        }
    }

    /// Everything but the agent itself.
    private func prepare(
        _ plan: Plan, createdAt: Date, in folder: RunFolder, steps: Steps
    ) async throws -> Job {
        for directory in [folder.machine, directories(in: folder).work] {
            try makeDirectories(directory, mode: 0o700)
        }
        let archive = try await steps.run(
            "packing the code",
            result: { (archive: CodeArchive) in
                "\(counted(plan.code.paths.count, "file")), \(readable(bytes: archive.bytes))"
            },
            { try await CodeArchive.make(of: plan.code, at: folder.code, runner: runner) })
        var secrets: String?
        if !plan.secrets.isEmpty {
            let data = try JSONEncoder().encode(plan.secrets)
            try AtomicFile.write(data, to: folder.secrets, mode: 0o600)
            secrets = folder.secrets
        }
        let job = plan.job(
            code: folder.code, archive: archive, secretsFile: secrets,
            directories: directories(in: folder), createdAt: createdAt)
        try AtomicFile.write(JSONFormat.encode(job), to: folder.job, mode: 0o600)
        return job
    }

    private func directories(in folder: RunFolder) -> Job.Directories {
        Job.Directories(
            work: folder.machine + "/work", code: folder.machine + "/code",
            dataset: folder.machine + "/dataset", output: folder.machine + "/output",
            logs: folder.machine + "/logs")
    }

    /// Starts it in a session of its own, so that it outlives the terminal, and waits for its first
    /// word: an agent that cannot even start must not look like a run.
    private func startAgent(_ plan: Plan, record: RunRecord, in folder: RunFolder) async throws {
        var command = Command(plan.agent.path, ["run", "--job", folder.job])
        command.group = .session
        command.input = .empty
        command.output = .append(path: folder.agentOutput)
        command.errorOutput = .append(path: folder.agentOutput)
        command.workingDirectory = folder.machine
        // On a VM the machine's identity opens the buckets; here it is the user's key.
        if let key = plan.access.credentialsPath {
            command.environment[StoreAccess.credentialsVariable] = key
        }
        let running = try runner.start(command)
        var record = record
        record.agent = ProcessIdentity(of: running.pid)
        record.stage = .started
        try folder.write(record)
        for _ in 0..<200 {
            if exists(statusPath(in: folder)) { return }
            guard record.agent?.isAlive == true else {
                // It may have done all its work between the two looks.
                if exists(statusPath(in: folder)) { return }
                throw Failure(
                    "the agent ended at once",
                    detail: folder.lastWordsOfAgent,
                    hint:
                        "try it by hand: \(plan.agent.path) run --code_path DIR --dataset_directory DIR"
                )
            }
            try await clock.sleep(for: .milliseconds(50))
        }
    }

    func attach(
        _ run: RunName, stateBucket: String, access: StoreAccess, to folder: RunFolder
    ) async throws {
        throw Failure.usage(
            "--state_bucket is for rented machines: no other computer can finish a local run")
    }

    func rekeyed(
        _ record: RunRecord, credentialsPath: String, in folder: RunFolder
    ) async throws -> RunRecord {
        var record = record
        record.credentialsPath = credentialsPath
        try folder.write(record)
        return record
    }

    func refreshed(_ record: RunRecord, in folder: RunFolder) async throws -> RunRecord? { record }

    /// What a killed launcher started is in the record already.
    func recovered(_ record: RunRecord, in folder: RunFolder) async throws -> RunRecord { record }

    func machineState(of record: RunRecord, in folder: RunFolder) async throws -> MachineState {
        record.agent?.isAlive == true ? .running : .gone
    }

    /// The agent's own copy, newer than the bucket's.
    func status(of record: RunRecord, in folder: RunFolder) async throws -> RunStatus? {
        let path = statusPath(in: folder)
        guard exists(path) else { return nil }
        return try JSONFormat.decode(RunStatus.self, from: readFile(path), name: path)
    }

    private func statusPath(in folder: RunFolder) -> String {
        directories(in: folder).work + "/" + BucketLayout.status
    }

    func stop(_ record: RunRecord, in folder: RunFolder) async throws {
        // The agent alone: it knows how to end its trainer.
        if let agent = record.agent, agent.isAlive { Shared.kill(agent.pid, SIGTERM) }
    }

    func kill(_ record: RunRecord, in folder: RunFolder) async throws {
        guard let agent = record.agent else { return }
        try await LocalSession(leader: agent, home: folder.machine).end(
            grace: .seconds(5), clock: clock)
    }

    func remains(of record: RunRecord, in folder: RunFolder) -> [String: String] {
        let directories = directories(in: folder)
        return [BucketLayout.output: directories.output, BucketLayout.logs: directories.logs]
    }

    func shell(_ words: [String], on record: RunRecord, in folder: RunFolder) async throws -> Int32
    {
        throw Failure(
            "a local run has no machine of its own to log in to",
            hint: "its files are in \(folder.machine)")
    }

    func examine(_ address: RunAddress, runs: [RunRecord]) async -> Examination {
        var examination = Examination(cloud: name)
        for tool in ["python3", "tar"] {
            await examination.look(for: tool, needed: true, runner: runner)
        }
        return examination
    }

    /// A bucket that the user named is theirs: only this run's prefix in it goes.
    func destroy(
        _ record: RunRecord, in folder: RunFolder, force: Bool, steps: Steps
    ) async throws {
        try await kill(record, in: folder)
        guard record.output != (try StoreURL(parsing: folder.bucket)).description else { return }
        let client = try record.client(runner: runner)
        let paths = try await client.list().map(\.path)
        try await client.delete(paths)
        // A directory is no object, so the store leaves that of the run, empty by now.
        if client.url.scheme == "file" { rmdir(client.url.path) }
    }
}
