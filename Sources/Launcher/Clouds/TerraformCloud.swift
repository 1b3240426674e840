import Shared

/// A rented cloud, driven through Terraform in the run's folder.
struct TerraformCloud: Cloud {
    let context: Context
    let rented: any RentedCloud

    var name: String { rented.name }
    var defaultProjectName: String? { rented.defaultProjectName }
    var needsCredentials: Bool { rented.needsCredentials }
    var agentTarget: AgentTarget { AgentTarget(system: .linux, processor: "x86_64") }

    func dataset(_ text: String) throws -> DatasetPlace { .bucket(try rented.dataset(text)) }

    func output(of run: RunName, in folder: RunFolder, bucket: String?) throws -> StoreURL {
        guard bucket == nil else {
            throw Failure.usage(
                "a run on \(name) has a bucket of its own, the only one its machine may write to",
                hint: "leave --output_bucket out; train finish downloads the output")
        }
        return rented.store("output", StoreStem(random: context.random()))
    }

    func preflight(_ plan: Plan) async throws -> Plan {
        try rented.check(plan)
        if let limit = plan.maxDuration, !(600...118 * 86_400).contains(limit.seconds) {
            throw Failure.usage(
                "--max_duration \(limit) is not between 10m and 118d, what a machine can be limited to",
                hint: "give a time between them, or never")
        }
        try await TerraformDriver.checkVersion(runner: context.runner)
        var plan = plan
        plan.machine.machineType = rented.machineType(for: plan.machine)
        if plan.machine.zones.isEmpty { plan.machine.zones = [rented.defaultZone] }
        if plan.machine.sshCidr == nil {
            plan.machine.sshCidr = try await PublicAddress.ask(runner: context.runner)
        }
        let isShared = try await checkStateBucket(&plan)
        if !isShared { try await checkNotElsewhere(plan) }
        return plan
    }

    func rehearse(_ plan: Plan, in folder: RunFolder, steps: Steps) async throws -> Rehearsal {
        let job = try await prepare(plan, createdAt: context.now(), in: folder, steps: steps)
        let driver = try driver(
            for: plan.record(createdAt: context.now()), in: folder, line: steps.line)
        do {
            try await steps.run("fetching Terraform's providers") { try await driver.initialise() }
            let (text, userData) = try await steps.run("planning") { try await driver.plan() }
            return Rehearsal(plan: text, userData: userData, job: job)
        } catch let refusal as TerraformDriver.Refusal {
            throw refusal.failure
        }
    }

    func provision(_ plan: Plan, record: RunRecord, in folder: RunFolder, steps: Steps) async throws
    {
        _ = try await prepare(plan, createdAt: record.createdAt, in: folder, steps: steps)
        let driver = try driver(for: record, in: folder, line: steps.line)
        if let place = plan.stateBucket {
            try await publishFirst(record, at: place, access: plan.access, in: folder)
        }
        do {
            try await steps.run("fetching Terraform's providers") { try await driver.initialise() }
        } catch {
            // Nothing can have been made, so nothing needs Terraform to be removed.
            unlink(folder.path + "/" + Backend.file)
            throw error
        }
        if !steps.line.isInteractive { steps.line.say("  making the machine …") }
        var record = record
        do {
            try await keepingLease(of: record, in: folder) {
                try await ZoneSearch(
                    driver: driver, folder: folder, line: steps.line, clock: context.clock
                )
                .apply(plan.machine.zones, machineType: plan.machine.machineType ?? "")
            }
        } catch let refusal as TerraformDriver.Refusal {
            if refusal.trouble == .nameTaken {
                record.isNameTaken = true
                try folder.write(record)
            }
            throw refusal.failure
        }
        record.machine = try await driver.made()
        record.stage = .started
        try folder.write(record)
        do {
            try await publish(record, in: folder)
        } catch let failure as Failure {
            // The machine trains already: not worth its end. The next look tells it.
            steps.line.say(
                "\(steps.line.coloured("!", .yellow)) other computers do not see it yet: "
                    + failure.summary)
        }
    }

    /// Fills the folder with all that Terraform needs.
    private func prepare(
        _ plan: Plan, createdAt: Date, in folder: RunFolder, steps: Steps
    ) async throws -> Job {
        let archive = try await steps.run(
            "packing the code",
            result: { (archive: CodeArchive) in
                "\(counted(plan.code.paths.count, "file")), \(readable(bytes: archive.bytes))"
            },
            { try await CodeArchive.make(of: plan.code, at: folder.code, runner: context.runner) })
        let key = try await RunKey(folder: folder).make(runner: context.runner)
        return try RunFolderContents(rented: rented, plan: plan, createdAt: createdAt)
            .write(to: folder, archive: archive, publicKey: key)
    }

    /// The agent's last word counts, then a heartbeat that is young; only where both say nothing is
    /// the cloud itself asked, which takes seconds and a tool that may not be there.
    func machineState(of record: RunRecord, in folder: RunFolder) async throws -> MachineState {
        guard record.stage != .starting, let machine = record.machine else { return .gone }
        if machine.isKilled == true { return .gone }
        let status = try await self.status(of: record, in: folder)
        if let status {
            let isLastWord = status.phase == .finished || status.phase == .powerOff
            if status.outcome != nil, isLastWord { return .gone }
        }
        // A machine takes minutes to boot; a heart beats once per sync.
        let heartbeat = status?.heartbeat ?? record.createdAt
        let limit = status == nil ? 900 : max(60, record.syncIntervalSeconds) * 3
        if context.now().timeIntervalSince(heartbeat) <= limit { return .running }
        return await tool(record).state(of: machine)
    }

    func status(of record: RunRecord, in folder: RunFolder) async throws -> RunStatus? {
        guard record.stage != .starting else { return nil }
        let client = try record.client(runner: context.runner)
        guard let data = try await client.read(BucketLayout.status) else { return nil }
        return try JSONFormat.decode(
            RunStatus.self, from: data, name: "\(client.url)/\(BucketLayout.status)")
    }

    func stop(_ record: RunRecord, in folder: RunFolder) async throws {
        // Not `systemctl stop`: its time-out, made for a spot machine's end, would cut a last sync.
        let words = [
            "sudo", "systemctl", "kill", "--kill-who=main", "--signal=TERM", "train-agent",
        ]
        let result = try await context.runner.run(
            try await login(record, in: folder).command(words, isInteractive: false),
            timeout: .seconds(60))
        guard result.succeeded else {
            throw Failure(
                "the machine could not be asked to stop", detail: harmless(result.lastLines(3)),
                hint: "SSH is open to the address that started the run alone; else end it now and "
                    + "take what is synced: train finish \(record.run) --force \(record.run)")
        }
    }

    func shell(_ words: [String], on record: RunRecord, in folder: RunFolder) async throws -> Int32
    {
        var command = try await login(record, in: folder).command(words, isInteractive: true)
        command.group = .inherited
        (command.input, command.output, command.errorOutput) = (.inherit, .inherit, .inherit)
        switch try await context.runner.start(command).wait().termination {
        case .exited(let status): return status
        case .signalled(let signal): return ExitCode.signalled(signal)
        }
    }

    private func login(_ record: RunRecord, in folder: RunFolder) async throws -> Login {
        guard let machine = record.machine else {
            throw Failure("\(record.run) has no machine", hint: "train status \(record.run)")
        }
        let status = try await status(of: record, in: folder)
        guard let hostKey = status?.sshHostKey else {
            throw Failure(
                "the machine has not said yet by which key it is to be known",
                hint: "it does so with its first sync; look again in a minute")
        }
        return try Login(folder: folder, machine: machine, hostKey: hostKey)
    }

    func kill(_ record: RunRecord, in folder: RunFolder) async throws {
        guard var machine = record.machine, machine.isKilled != true else { return }
        do {
            try await tool(record).end(machine)
        } catch is Failure {
            // Without the cloud's tool the machine can only be removed, disk and all.
            do {
                try await driver(for: record, in: folder, line: context.progress())
                    .destroy(only: rented.machineResource)
            } catch let refusal as TerraformDriver.Refusal {
                throw refusal.failure
            }
        }
        machine.isKilled = true
        var record = record
        record.machine = machine
        try folder.write(record)
        try await publish(record, in: folder)
    }

    /// The machine's disk is out of reach from here.
    func remains(of record: RunRecord, in folder: RunFolder) -> [String: String] { [:] }

    func destroy(
        _ record: RunRecord, in folder: RunFolder, force: Bool, steps: Steps
    ) async throws {
        let driver = try driver(for: record, in: folder, line: steps.line)
        let mayHaveMade = driver.hasState || record.machine != nil
        if record.stage == .collected { try await publish(record, in: folder) }
        do {
            try await driver.destroy(waiting: force || record.stage != .starting)
        } catch let refusal as TerraformDriver.Refusal {
            let left = (try? await driver.remaining()) ?? []
            let lines =
                left.map { "  still there: \(harmless($0))" }
                + (await lostMachines(of: record, known: left))
            throw Failure(
                "\(counted(left.count, "thing")) of \(record.run) could not be removed: "
                    + refusal.failure.summary,
                detail: (lines + [refusal.failure.detail ?? ""]).joined(separator: "\n"),
                hint: "go on with: train finish \(record.run)")
        }
        if mayHaveMade { try await checkNothingLives(record, line: steps.line) }
        try await withdraw(record)
    }

    func examine(_ address: RunAddress, runs: [RunRecord]) async -> Examination {
        await TerraformExamination(context: context, rented: rented, address: address)
            .examine(runs: runs)
    }

    // MARK: Parts

    func tool(_ record: RunRecord) -> CloudTool {
        CloudTool(
            cloud: rented, credentialsPath: record.credentialsPath, runner: context.runner,
            clock: context.clock)
    }

    func driver(
        for record: RunRecord, in folder: RunFolder, line: LiveLine
    ) throws -> TerraformDriver {
        TerraformDriver(
            directory: folder.path, runner: context.runner, line: line,
            interrupts: context.interrupts,
            pluginCache: TerraformDriver.pluginCache(environment: context.environment),
            environment: try environment(for: record))
    }

    /// The key that was given counts, whatever login this computer's environment holds.
    private func environment(for record: RunRecord) throws -> [String: String?] {
        guard let path = record.credentialsPath else { return [:] }
        let unset = LoginVariables.unset(rented.loginVariables)
        guard record.stateBucket != nil else { return unset }
        let backend = try rented.backendEnvironment(
            credentialsPath: path, project: record.run.projectName)
        return unset.merging(backend) { $1 }
    }
}
