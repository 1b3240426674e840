import Shared

/// Checks everything that `train start` is given, before anything is made.
struct Planner: Sendable {
    let context: Context
    let clouds: CloudRegistry

    /// The flags with what the configuration files add to them: the code's, then the user's own.
    ///
    /// Prints what of the code's file costs money or chooses what runs.
    ///
    /// - Throws: `Failure` with exit code 2.
    func arguments(_ parsed: Parsed<StartArguments>) throws -> StartArguments {
        var parsed = parsed
        let own = try ConfigurationFile.ofUser(environment: context.environment)
        _ = try own?.apply(to: &parsed, only: "code_path")
        let codePath = parsed[\.codePath]
        var announced: [String] = []
        if !codePath.isEmpty {
            let beside = try ConfigurationFile.beside(code: StoreURL.absolutePath(codePath))
            announced = try beside?.apply(to: &parsed) ?? []
        }
        _ = try own?.apply(to: &parsed)
        var arguments = try complete(parsed)
        arguments.given = parsed.texts
        for name in ["--agent_path", "--output_bucket"] {
            // They are read again from another directory.
            arguments.given[name] = arguments.given[name]?.map {
                $0.contains("://") ? $0 : StoreURL.absolutePath($0)
            }
        }
        arguments.address.fillNames(code: arguments.codePath, dataset: arguments.datasetBucket)
        if !announced.isEmpty {
            context.console.error(
                "from \(ConfigurationFile.name): \(announced.joined(separator: ", "))\n")
        }
        return arguments
    }

    /// The flags where none is missing that this cloud needs.
    ///
    /// - Throws: `Failure` with exit code 2 that names all that are missing at once.
    private func complete(_ parsed: Parsed<StartArguments>) throws -> StartArguments {
        let address = parsed[\.address]
        let cloud = try clouds.cloud(address.cloud ?? CloudRegistry.defaultName)
        var missing = parsed.missing.map { "\($0.name) \($0.placeholder.uppercased())" }
        if address.projectName == nil, cloud.defaultProjectName == nil {
            missing.append("--project_name PROJECT")
        }
        if address.credentialsPath == nil, cloud.needsCredentials {
            missing.append("--credentials_path FILE")
        }
        guard !missing.isEmpty else { return try parsed.checked() }
        let names = missing.map { String($0.prefix { $0 != " " }) }
        let isDefault = address.cloud == nil && cloud.name != LocalCloud.name
        throw Failure.usage(
            names.joined(separator: ", ") + (names.count == 1 ? " is missing" : " are missing")
                + (isDefault ? " for \(cloud.name), the default cloud" : ""),
            hint: "add \(missing.joined(separator: " "))"
                + (isDefault ? "; --cloud local trains on this machine and needs no account" : ""))
    }

    /// Says which flags for a rented machine have no use on this one.
    private func sayUnused(_ machine: MachineRequest, on cloud: any Cloud) {
        let unused = machine.given
        guard cloud.name == LocalCloud.name, !unused.isEmpty else { return }
        context.console.error(
            "note: \(cloud.name) does not use \(unused.joined(separator: ", "))\n")
    }

    /// The plan of a run that can be started, and its cloud.
    ///
    /// What costs nothing is checked first; buckets, which take seconds to answer, come last.
    func plan(_ arguments: StartArguments, steps: Steps) async throws -> (Plan, any Cloud) {
        let cloud = try clouds.cloud(arguments.address.cloud ?? CloudRegistry.defaultName)
        let run = try arguments.address.newRun(on: cloud)
        sayUnused(arguments.machine, on: cloud)
        var training = arguments.training
        // No table knows what this computer costs.
        if cloud.isThisComputer { try training.limitByCost() }
        let credentials = try CredentialsFile.checked(arguments.address.credentialsPath)
        let code = try CodeTree(
            directory: arguments.codePath, secrets: credentials.map { [$0] } ?? [])
        let entry = try arguments.training.entry(in: code.directory)
        try checkTravels(entry, code)
        sayDoubts(about: entry)
        for remark in try Requirements(of: code.directory).remarks {
            context.console.error("note: \(remark)\n")
        }
        _ = try EnvironmentFlag.variables(arguments.training.environment)
        var secrets = try EnvironmentFlag.secrets(
            arguments.training.environment, from: context.environment)
        if let url = arguments.training.webhook { secrets[SecretsDocument.webhook] = url }
        let agent = try AgentExecutable.find(
            given: arguments.agentPath, beside: context.executableDirectory, for: cloud.agentTarget)
        try context.state.checkWritable()
        let folder = try context.state.folder(of: run)
        let stores = try await named("--output_bucket") {
            try cloud.output(of: run, in: folder, bucket: arguments.outputBucket)
        }
        var plan = Plan(
            run: run, code: code,
            gitCommit: await gitCommit(of: code, arguments.branch),
            entry: entry, training: training, secrets: secrets,
            dataset: try await named("--dataset_bucket") {
                try cloud.dataset(arguments.datasetBucket)
            },
            output: stores.output, storeName: stores.name,
            agent: agent,
            access: StoreAccess(
                credentialsPath: credentials, tool: arguments.training.transferTool),
            machine: arguments.machine, stateBucketName: arguments.address.stateBucket)
        plan.given = arguments.given
        plan.branch = arguments.branch
        try plan.refuseSharedBucket()
        try await steps.run("looking at the dataset") {
            try await named("--dataset_bucket") {
                try await plan.dataset.check(access: plan.access, runner: context.runner)
            }
        }
        if let text = arguments.initialOutput {
            plan.initial = try await steps.run(
                "looking at the output to go on from", result: \.words
            ) {
                try await named("--initial_output") {
                    try await InitialOutput(
                        of: .find(text, context), step: arguments.initialStep,
                        changes: arguments.branch?.changes ?? [], context)
                }
            }
        } else if arguments.initialStep != nil {
            throw Failure.usage("--initial_step needs --initial_output")
        }
        if arguments.outputBucket != nil {
            try await steps.run("looking at the output bucket") {
                try await named("--output_bucket") { try await checkOutput(plan) }
            }
        }
        plan = try await cloud.preflight(plan)
        if let text = CostText(plan.training, isRented: !cloud.isThisComputer)?.line {
            context.console.error(text + "\n")
        }
        return (plan, cloud)
    }

    private func gitCommit(of code: CodeTree, _ branch: BranchOrigin?) async -> String? {
        if let branch { return branch.gitCommit }
        return await GitCommit.of(
            code.directory, environment: context.environment, runner: context.runner)
    }

    /// A module that an ignore file leaves out would be missing on the machine.
    private func checkTravels(_ entry: TrainingEntry, _ code: CodeTree) throws {
        guard let module = entry.module else { return }
        let path = module.split(separator: ".").joined(separator: "/")
        guard
            let absent = code.absence(of: path + ".py") ?? code.absence(of: path + "/__main__.py"),
            case .ignored(let file) = absent.reason
        else { return }
        throw Failure.usage(
            "\(quoted(absent.path)) is left out of the code by \(file), and the training begins there",
            hint: "take it in again: the line !/\(absent.path) in .trainignore")
    }

    private func sayDoubts(about entry: TrainingEntry) {
        guard case .command(let template) = entry else { return }
        for doubt in template.doubts { context.console.error("note: --command: \(doubt)\n") }
    }

    /// What an earlier run left under this name must neither be mixed up with the new one's output
    /// nor vanish with it.
    private func checkOutput(_ plan: Plan) async throws {
        let client = try StoreClient(
            url: plan.output, access: plan.access, runner: context.runner)
        let objects = try await client.list()
        guard objects.isEmpty else {
            throw Failure(
                "\(plan.output) already holds "
                    + "\(counted(objects.count, "object")) of an earlier run",
                hint: "move them away or delete them, or give the run another name")
        }
    }

    /// Puts the flag's name before what is wrong with its value.
    private func named<Value>(
        _ flag: String, _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch var failure as Failure {
            failure.summary = "\(flag): \(failure.summary)"
            throw failure
        }
    }
}
