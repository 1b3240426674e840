import Shared

/// `train doctor`: checks what a run needs, and lists resources that may cost money.
enum Doctor {
    struct Arguments: CommandArguments {
        var address = RunAddress()
        var printsSetup = false
        var json = false

        static var options: [Option<Self>] {
            [
                .text(
                    "--cloud", "cloud", \.address.cloud,
                    "\(CloudRegistry.names.joined(separator: ", ")); else \(CloudRegistry.defaultName)."
                ).completing(.suggested(CloudRegistry.names)),
                .text("--project_name", "project", \.address.projectName, "The cloud's project."),
                .text(
                    "--credentials_path", "file", \.address.credentialsPath,
                    "The key of a service account."
                ).completing(.file),
                .flag(
                    "--print_setup", \.printsSetup,
                    "Prints what an administrator runs once for others' runs; asks nothing."),
                .flag("--json", \.json, "Prints JSON for programs."),
            ]
        }
    }

    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "doctor", Arguments.self,
            summary:
                "Looks at tools, login, permissions and quota, and for what still costs money.",
            discussion: """
                What carries the engine's labels is found in the cloud itself, in every region of
                the account, whether or not this computer knows of the run.
                """
        ) { parsed in
            let arguments = try parsed.checked()
            let cloud = try CloudRegistry(context).cloud(
                arguments.address.cloud ?? CloudRegistry.defaultName)
            guard !arguments.printsSetup else {
                return try printSetup(of: cloud.name, arguments.address, context)
            }
            let runs = try context.state.all().compactMap { try? $0.record.get() }
                .filter { $0.run.cloud == cloud.name }
            let line = context.progress()
            defer { line.clear() }
            let report = try await context.interruptible {
                try await Steps(line, clock: context.clock).run("checking") {
                    await cloud.diagnose(arguments.address, runs: runs)
                }
            }
            if arguments.json {
                try context.console.printJSON(report)
            } else {
                context.console.output(report.text(runs: runs))
            }
            return (report.hasProblem ? ExitCode.failed : .ok).rawValue
        }
    }

    /// - Throws: `Failure` with exit code 2 for a cloud that needs no rights.
    private static func printSetup(
        of cloud: String, _ address: RunAddress, _ context: Context
    ) throws -> Int32 {
        guard
            let provider = CloudRegistry.providers.first(where: { $0.name == cloud })
                as? any DoctorChecks
        else { throw Failure.usage("--print_setup: \(cloud) needs no set-up by an administrator") }
        context.console.output(provider.setup(project: address.projectName).text)
        return ExitCode.ok.rawValue
    }
}
