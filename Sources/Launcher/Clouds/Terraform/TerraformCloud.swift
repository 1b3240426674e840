import Shared

/// A rented cloud, driven through Terraform in the run's folder.
struct TerraformCloud: Cloud {
    let context: Context
    let provider: any CloudProvider

    var identity: CloudIdentity {
        CloudIdentity(
            name: provider.name, defaultProjectName: provider.defaultProjectName,
            needsCredentials: provider.needsCredentials,
            agentTarget: AgentTarget(system: .linux, processor: "x86_64"))
    }

    func dataset(_ text: String) throws -> DatasetPlace { .bucket(try provider.dataset(text)) }

    func output(of run: RunName, in folder: RunFolder, bucket: String?) throws -> OutputPlace {
        guard bucket == nil else {
            throw Failure.usage(
                "a run on \(name) has a bucket of its own, the only one its machine may write to",
                hint: "leave --output_bucket out; train finish downloads the output")
        }
        let name = StoreName(random: context.random())
        return OutputPlace(output: provider.store("output", name), name: name)
    }

    func preflight(_ plan: Plan) async throws -> Plan {
        try provider.check(plan)
        if let limit = plan.training.maxDuration.limit,
            !MachineLimits.durationSeconds.contains(limit.seconds)
        {
            throw Failure.usage(
                "--max_duration \(limit) is not between 10m and 118d, what a machine can be limited to",
                hint: "give a time between them, or never")
        }
        try await TerraformDriver.checkVersion(runner: context.runner)
        try await provider.checkTools(plan, runner: context.runner)
        var plan = plan
        try await chooseMachine(&plan)
        if plan.machine.sshCidr == nil {
            // An address of a private network is reached from that network alone.
            plan.machine.sshCidr =
                plan.machine.hasNoPublicIp
                ? AddressRange.none : try await PublicAddress.ask(runner: context.runner)
        }
        if plan.datasetGrant != nil {
            plan.wideGrantReason = await provider.wideGrantReason(plan, asking: tool(plan))
        }
        let isShared = try await checkStateBucket(&plan)
        if !isShared { try await checkNotElsewhere(plan) }
        return plan
    }

    func dryRun(_ plan: Plan, in folder: RunFolder, steps: Steps) async throws -> DryRun {
        let job = try await prepare(plan, createdAt: context.now(), in: folder, steps: steps)
        let driver = try driver(
            for: plan.record(createdAt: context.now()), in: folder, line: steps.line)
        do {
            try await steps.run("fetching Terraform's providers") { try await driver.initialise() }
            let (text, userData) = try await steps.run("planning") { try await driver.plan() }
            return DryRun(plan: text, userData: userData, job: job)
        } catch let error as TerraformDriver.TerraformError {
            throw error.failure
        }
    }

    func provision(_ plan: Plan, of run: RunHandle, steps: Steps) async throws {
        var record = run.record
        let folder = run.folder
        _ = try await prepare(plan, createdAt: record.createdAt, in: folder, steps: steps)
        let driver = try driver(for: record, in: folder, line: steps.line)
        if let place = plan.stateBucket {
            try await publishFirst(record, at: place, access: plan.access, in: folder)
        }
        do {
            try await steps.run("fetching Terraform's providers") { try await driver.initialise() }
        } catch {
            // Nothing can have been created, so nothing needs Terraform to be removed.
            unlink(folder.path + "/" + Backend.file)
            throw error
        }
        if !steps.line.isInteractive { steps.line.say("  creating the machine …") }
        do {
            try await keepingLease(of: record, in: folder) {
                if let initial = plan.initial {
                    try await place(initial, for: record, with: driver, steps: steps)
                }
                try await zoneSearch(for: plan, with: driver, in: folder, line: steps.line).run()
            }
        } catch let error as TerraformDriver.TerraformError {
            if error.kind == .nameTaken {
                record.isNameTaken = true
                try folder.write(record)
            }
            throw error.failure
        }
        record.machine = try await driver.outputs()
        record.machine?.createdAt = context.now()
        record.stage = .started
        if try TerraformInputs.machine(in: folder).spot != .never {
            steps.line.say("  " + whenTakenAway(record.run))
        }
        try folder.write(record)
        do {
            try await publish(record, in: folder)
        } catch let failure as Failure {
            // The machine trains already, so this is no reason to remove it. The next call publishes.
            steps.line.say(
                .warning,
                "other computers do not see it yet: "
                    + failure.summary)
        }
    }

    /// Makes the bucket alone and fills it: the machine that comes after it finds its output as if an
    /// earlier machine had left it.
    private func place(
        _ initial: InitialOutput, for record: RunRecord, with driver: TerraformDriver, steps: Steps
    ) async throws {
        try await driver.apply(only: provider.storeResources)
        let client = try record.client(runner: context.runner)
        // The right to write into a new bucket takes up to minutes to be known everywhere.
        var retry = Retry()
        retry.clock = context.clock
        retry.first = .seconds(5)
        try await steps.run("copying the output to go on from") {
            try await retry.run(attempts: 6) {
                try await initial.place(into: client, now: record.createdAt)
            }
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
            { try await plan.packCode(at: folder.code, runner: context.runner) })
        let key = try await RunKey(folder: folder).make(runner: context.runner)
        var inputs = TerraformInputs(provider: provider, plan: plan, createdAt: createdAt)
        do {
            inputs.pip = try await PipWheel.find(
                environment: context.environment, runner: context.runner)
        } catch let failure as Failure {
            steps.line.say(
                .warning, "\(failure.summary); the machine's own pip will have to do")
        }
        return try inputs.write(to: folder, archive: archive, publicKey: key)
    }

    /// The agent's outcome decides, then a recent heartbeat; only without either is the cloud itself
    /// asked, which takes seconds and a tool that may not be installed.
    func machineState(of run: RunHandle, status: RunStatus?) async throws -> MachineState {
        let record = run.record
        guard record.stage != .starting, let machine = record.machine else { return .gone }
        if machine.isKilled == true { return .gone }
        if status?.isLastWord == true { return .gone }
        // A machine takes minutes to boot.
        let heartbeat = status?.heartbeat ?? record.createdAt
        let limit =
            status == nil
            ? 900 : Heartbeat.staleAfter(syncIntervalSeconds: record.syncIntervalSeconds)
        if context.now().timeIntervalSince(heartbeat) <= limit { return .running }
        return await tool(record).state(of: machine)
    }

    func status(of run: RunHandle) async throws -> RunStatus? {
        let record = run.record
        guard record.stage != .starting else { return nil }
        let client = try record.client(runner: context.runner)
        guard let data = try await client.read(BucketLayout.status) else { return nil }
        return try JSONFormat.decode(
            RunStatus.self, from: data, name: "\(client.url)/\(BucketLayout.status)")
    }

    func kill(_ run: RunHandle) async throws {
        var record = run.record
        let folder = run.folder
        guard var machine = record.machine, machine.isKilled != true else { return }
        do {
            try await tool(record).stop(machine)
        } catch is Failure {
            // Without the cloud's tool the machine can only be removed, its disk included.
            do {
                try await driver(for: record, in: folder, line: context.progress())
                    .destroy(only: provider.machineResource)
            } catch let error as TerraformDriver.TerraformError {
                throw error.failure
            }
        }
        machine.isKilled = true
        record.machine = machine
        try folder.write(record)
        try await publish(record, in: folder)
    }

    func destroy(_ run: RunHandle, force: Bool, steps: Steps) async throws {
        let (record, folder) = (run.record, run.folder)
        let driver = try driver(for: record, in: folder, line: steps.line)
        let mayHaveCreated = driver.hasState || record.machine != nil
        if record.stage == .collected { try await publish(record, in: folder) }
        do {
            try await driver.destroy(waiting: force || record.stage != .starting)
        } catch let error as TerraformDriver.TerraformError {
            let left = (try? await driver.remaining()) ?? []
            let lines =
                left.map { "  still there: \(harmless($0))" }
                + (await machinesOutsideState(of: record, known: left))
            throw Failure(
                "\(counted(left.count, "resource")) of \(record.run) could not be removed: "
                    + error.failure.summary,
                detail: (lines + [error.failure.detail ?? ""]).joined(separator: "\n"),
                hint: "go on with: train finish \(record.run)")
        }
        if mayHaveCreated { try await checkNothingRemains(record, line: steps.line) }
        try await withdraw(record)
    }

    func diagnose(_ address: RunAddress, runs: [RunRecord]) async -> DoctorReport {
        await CloudDoctor(context: context, provider: provider, address: address)
            .diagnose(runs: runs)
    }

    func resources(
        _ address: RunAddress, runs: [RunRecord]
    ) async throws -> ResourceSearch.Found {
        try await CloudDoctor(context: context, provider: provider, address: address)
            .resources(runs: runs)
    }

    /// What becomes of the run once a spot machine is taken away.
    private func whenTakenAway(_ run: RunName) -> String {
        provider.startsPreemptedAgain
            ? "once the spot machine is taken away, the cloud starts it again where it has room; "
                + "train resume \(run) takes another one"
            : "once the spot machine is taken away, the run waits for train resume \(run); "
                + "train watch \(run) --keep_alive calls that by itself"
    }

    // MARK: Parts

    func tool(_ record: RunRecord) -> CloudTool { tool(key: record.credentialsPath) }

    func tool(_ plan: Plan) -> CloudTool { tool(key: plan.access.credentialsPath) }

    private func tool(key: String?) -> CloudTool {
        CloudTool(
            provider: provider, credentialsPath: key, runner: context.runner, clock: context.clock)
    }

    func driver(
        for record: RunRecord, in folder: RunFolder, line: LiveLine
    ) throws -> TerraformDriver {
        TerraformDriver(
            directory: folder.path, runner: context.runner, line: line,
            interrupts: context.interrupts,
            pluginCache: TerraformDriver.pluginCache(environment: context.environment),
            provider: provider.lockedProvider,
            hasOwnSettings: TerraformDriver.hasOwnSettings(environment: context.environment),
            // Without a store name the run's name alone identifies its resources.
            names: [record.run.slug] + ((try? record.stores()).map { [$0.text] } ?? []),
            environment: try environment(for: record), clock: context.clock)
    }

    /// The user's key is preferred to any login in this computer's environment.
    private func environment(for record: RunRecord) throws -> [String: String?] {
        guard let path = record.credentialsPath else {
            return provider.terraformEnvironment(context.environment)
        }
        let unset = LoginVariables.unset(provider.loginVariables)
        guard record.stateBucket != nil else { return unset }
        let backend = try provider.backendEnvironment(
            credentialsPath: path, project: record.run.projectName)
        return unset.merging(backend) { $1 }
    }
}
