import Shared

/// This computer as a cloud, for trying and debugging: directories are its buckets, a detached agent
/// is its machine.
struct LocalCloud: Cloud {
    static let name = "local"
    let runner: any CommandRunner
    let clock: any Clock<Duration>

    var identity: CloudIdentity {
        CloudIdentity(
            name: Self.name, defaultProjectName: Self.name, isThisComputer: true,
            agentTarget: .thisMachine())
    }

    func dataset(_ text: String) throws -> DatasetPlace { try DatasetPlace(text) }

    func output(of run: RunName, in folder: RunFolder, bucket: String?) throws -> OutputPlace {
        guard let bucket else { return OutputPlace(output: try StoreURL(parsing: folder.bucket)) }
        return OutputPlace(output: try StoreURL(destination: bucket).appending(run.slug))
    }

    func preflight(_ plan: Plan) async throws -> Plan {
        guard isInstalled("python3") else {
            throw Failure.notInstalled("python3", hint: "install Python 3.8 or later")
        }
        return plan
    }

    func dryRun(_ plan: Plan, in folder: RunFolder, steps: Steps) async throws -> DryRun {
        let job = try await prepare(plan, createdAt: Date(), in: folder, steps: steps)
        let text = "Nothing is created: the agent runs on this computer, in the run's own folder."
        return DryRun(plan: text, userData: "", job: job)
    }

    func provision(_ plan: Plan, of run: RunHandle, steps: Steps) async throws {
        _ = try await prepare(
            plan, createdAt: run.record.createdAt, in: run.folder, steps: steps)
        if let initial = plan.initial {
            let client = try run.record.client(runner: runner)
            try await steps.run("copying the output to go on from") {
                try await initial.place(into: client, now: run.record.createdAt)
            }
        }
        try await steps.run("starting the agent") {
            try await startAgent(plan.agent, ["run", "--job", run.folder.job], of: run) {
                exists(statusPath(in: run.folder))
            }
        }
    }

    /// In the same folder: what never reached the bucket is still there.
    func resume(_ run: RunHandle, _ order: ResumeOrder, steps: Steps) async throws {
        let given = try run.folder.words()?["--agent_path"]?.last
        let agent = try AgentExecutable.find(
            given: given, beside: run.context.executableDirectory, for: agentTarget)
        let words = ["run", "--job", run.folder.job, "--again"]
        do {
            try await steps.run("starting the agent") {
                try await startAgent(agent, words, of: run) {
                    // The former agent's status is there until then.
                    let pid = try await status(of: run)?.agentPid
                    return try pid != nil && pid == run.reread().record.agent?.pid
                }
            }
        } catch {
            try? await Task { try await kill(run.reread()) }.value
            throw error
        }
    }

    /// Writes all files of the run; the agent is not started.
    private func prepare(
        _ plan: Plan, createdAt: Date, in folder: RunFolder, steps: Steps
    ) async throws -> Job {
        for directory in [folder.machine, work(in: folder)] {
            try makeDirectories(directory, mode: 0o700)
        }
        let archive = try await steps.run(
            "packing the code",
            result: { (archive: CodeArchive) in
                "\(counted(plan.code.paths.count, "file")), \(readable(bytes: archive.bytes))"
            },
            { try await plan.packCode(at: folder.code, runner: runner) })
        var secrets: String?
        if !plan.secrets.isEmpty {
            try plan.secretsDocument().write(to: folder.secrets)
            secrets = folder.secrets
        }
        let job = try plan.job(
            code: folder.code, archive: archive, secretsFile: secrets,
            directories: directories(in: folder, dataset: plan.dataset), createdAt: createdAt)
        try AtomicFile.write(JSONFormat.encode(job), to: folder.job, mode: 0o600)
        return job
    }

    private func work(in folder: RunFolder) -> String { WorkDirectory(below: folder.machine).path }
    private func output(in folder: RunFolder) -> String { folder.machine + "/output" }
    private func logs(in folder: RunFolder) -> String { folder.machine + "/logs" }

    /// A directory is the dataset itself: read in place, so that links in it lead where they did, and
    /// no copy of it fills the disk.
    private func directories(in folder: RunFolder, dataset: DatasetPlace) -> Job.Directories {
        let place =
            switch dataset {
            case .directory(let path): path
            case .bucket: folder.machine + "/dataset"
            }
        return Job.Directories(
            work: work(in: folder), code: folder.machine + "/code", dataset: place,
            output: output(in: folder), logs: logs(in: folder))
    }

    /// Starts the agent in a session of its own, so that it outlives the terminal, and waits for its
    /// first status: an agent that cannot start must not look like a run.
    ///
    /// - Parameter hasBegun: whether that status is there.
    private func startAgent(
        _ agent: AgentExecutable, _ words: [String], of run: RunHandle,
        hasBegun: () async throws -> Bool
    ) async throws {
        let folder = run.folder
        var command = Command(agent.path, words)
        command.group = .session
        command.input = .empty
        command.output = .append(path: folder.agentOutput)
        command.errorOutput = .append(path: folder.agentOutput)
        command.workingDirectory = folder.machine
        // On a rented machine its identity opens the buckets; here the user's key does.
        if let key = run.record.credentialsPath {
            command.environment[StoreAccess.credentialsVariable] = key
        }
        let running = try runner.start(command)
        var record = run.record
        record.agent = ProcessIdentity(of: running.pid)
        record.stage = .started
        try folder.write(record)
        for _ in 0..<200 {
            if try await hasBegun() { return }
            guard record.agent?.isAlive == true else {
                // It may have done all its work between the two checks.
                if try await hasBegun() { return }
                throw Failure(
                    "the agent ended immediately",
                    detail: folder.lastWordsOfAgent,
                    hint:
                        "try it by hand: \(agent.path) run --code_path DIR --dataset_directory DIR"
                )
            }
            try await clock.sleep(for: .milliseconds(50))
        }
    }

    func machineState(of run: RunHandle, status: RunStatus?) async throws -> MachineState {
        run.record.agent?.isAlive == true ? .running : .gone
    }

    /// The agent's own copy, newer than the bucket's.
    func status(of run: RunHandle) async throws -> RunStatus? {
        let path = statusPath(in: run.folder)
        guard exists(path) else { return nil }
        return try JSONFormat.decode(RunStatus.self, from: readFile(path), name: path)
    }

    private func statusPath(in folder: RunFolder) -> String {
        WorkDirectory(work(in: folder)).status
    }

    func connection(to run: RunHandle) async throws -> any MachineConnection {
        LocalConnection(
            agent: run.record.agent, directory: run.folder.machine,
            environment: run.context.environment, runner: runner)
    }

    func directories(of run: RunHandle) -> Job.Directories {
        // Nobody asks for the dataset, which may lie elsewhere on this computer.
        let dataset = DatasetPlace.directory(run.folder.machine + "/dataset")
        return directories(in: run.folder, dataset: dataset)
    }

    func kill(_ run: RunHandle) async throws {
        guard let agent = run.record.agent else { return }
        try await LocalSession(leader: agent, home: run.folder.machine).end(
            grace: .seconds(5), clock: clock)
    }

    func unsyncedDirectories(of run: RunHandle) -> [String: String] {
        [
            BucketLayout.output: output(in: run.folder), BucketLayout.logs: logs(in: run.folder),
            BucketLayout.stray: directories(of: run).code,
        ]
    }

    func diagnose(_ address: RunAddress, runs: [RunRecord]) async -> DoctorReport {
        var report = DoctorReport(cloud: name)
        for program in ["python3", "tar"] {
            await report.checkProgram(program, needed: true, runner: runner)
        }
        return report
    }

    /// A bucket that the user named stays: only this run's prefix in it is removed.
    func destroy(_ run: RunHandle, force: Bool, steps: Steps) async throws {
        try await kill(run)
        let own = try StoreURL(parsing: run.folder.bucket).description
        guard run.record.output != own else { return }
        let client = try run.record.client(runner: runner)
        let paths = try await client.list().map(\.path)
        try await client.delete(paths)
        // A store deletes objects only, so the run's directory, empty by now, is removed here.
        if client.url.scheme == "file" { rmdir(client.url.path) }
    }
}
