import Shared

/// Checks everything that `train start` is given, before anything is made.
struct Planner: Sendable {
    let context: Context
    let clouds: CloudRegistry

    /// The flags with what `train.json` beside the code adds to them.
    ///
    /// - Throws: `Failure` with exit code 2.
    func arguments(_ parsed: Parsed<StartArguments>) throws -> StartArguments {
        var parsed = parsed
        let codePath = parsed[\.codePath]
        if !codePath.isEmpty {
            try ConfigurationFile.apply(in: StoreURL.absolutePath(codePath), to: &parsed)
        }
        return try parsed.checked()
    }

    /// The plan of a run that can be started, and its cloud.
    ///
    /// What costs nothing is checked first; buckets, which take seconds to answer, come last.
    func plan(_ arguments: StartArguments, steps: Steps) async throws -> (Plan, any Cloud) {
        let cloud = try clouds.cloud(arguments.address.cloud ?? CloudRegistry.defaultName)
        let run = try arguments.address.newRun(on: cloud)
        let credentials = try CredentialsFile.checked(arguments.address.credentialsPath)
        let code = try CodeTree(
            directory: arguments.codePath, secrets: credentials.map { [$0] } ?? [])
        let module = try self.module(arguments.module, in: code)
        let variables = try EnvironmentFlag.variables(arguments.environment)
        let secrets = try EnvironmentFlag.secrets(
            arguments.environment, from: context.environment)
        let agent = try AgentExecutable.find(
            given: arguments.agentPath, beside: context.executableDirectory, for: cloud.agentTarget)
        try context.state.checkWritable()
        let folder = try context.state.folder(of: run)
        let plan = Plan(
            run: run, code: code,
            gitCommit: await GitCommit.of(code.directory, runner: context.runner), module: module,
            arguments: arguments.arguments, environment: variables, secrets: secrets,
            dataset: try await named("--dataset_bucket") {
                try cloud.dataset(arguments.datasetBucket)
            },
            output: try await named("--output_bucket") {
                try cloud.output(of: run, in: folder, bucket: arguments.outputBucket)
            },
            agent: agent,
            access: StoreAccess(credentialsPath: credentials, tool: arguments.transferTool),
            sync: arguments.sync, graceSeconds: arguments.graceSeconds,
            maxDuration: arguments.maxDuration.limit, maxRestarts: arguments.maxRestarts,
            machine: arguments.machine, stateBucketName: arguments.address.stateBucket)
        try await steps.run("looking at the dataset") {
            try await named("--dataset_bucket") {
                try await plan.dataset.check(access: plan.access, runner: context.runner)
            }
        }
        if arguments.outputBucket != nil {
            try await steps.run("looking at the output bucket") {
                try await named("--output_bucket") { try await checkOutput(plan) }
            }
        }
        return (try await cloud.preflight(plan), cloud)
    }

    private func module(_ given: String?, in code: CodeTree) throws -> String {
        guard let given else { return try TrainingModule.find(in: code.directory) }
        return try TrainingModule.check(given, in: code.directory)
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
