import Shared

/// Looks at what a run on a rented cloud needs, and for what still lives there.
struct TerraformExamination: Sendable {
    let context: Context
    let rented: any RentedCloud
    let address: RunAddress

    private var place: CloudPlace {
        CloudPlace(
            project: address.projectName ?? rented.defaultProjectName,
            region: rented.region(of: rented.defaultZone))
    }

    func examine(runs: [RunRecord]) async -> Examination {
        var examination = Examination(cloud: rented.name)
        await lookAtTools(&examination)
        guard isInstalled(rented.tool) else {
            examination.add(
                .warning, rented.tool,
                "not installed: credentials, quota and what is still alive cannot be looked at",
                hint: "install \(rented.tool)")
            return examination
        }
        if place.project == nil {
            examination.add(
                .warning, "project", "none is given, so the tool's own default counts",
                hint: "give --project_name PROJECT")
        }
        let key = address.credentialsPath.map(StoreURL.absolutePath)
        let tool = CloudTool(cloud: rented, credentialsPath: key, runner: context.runner)
        for check in rented.checks(in: place) { await ask(check, tool, &examination) }
        await look(for: runs, tool, &examination)
        return examination
    }

    private func lookAtTools(_ examination: inout Examination) async {
        do {
            let version = try await TerraformDriver.checkVersion(runner: context.runner)
            examination.add(.good, "terraform", version)
        } catch {
            let failure = error as? Failure ?? Failure("\(error)")
            examination.add(.problem, "terraform", failure.summary, hint: failure.hint)
        }
        let runner = context.runner
        for tool in StoreRegistry.tools(for: rented.scheme).prefix(1) {
            let version = tool == "rclone" || tool == "gsutil" ? ["version"] : ["--version"]
            await examination.look(for: tool, needed: true, version: version, runner: runner)
        }
        await examination.look(for: "tar", needed: true, runner: runner)
        await examination.look(for: "curl", needed: false, runner: runner)
        await examination.look(for: "ssh", needed: false, version: ["-V"], runner: runner)
    }

    private func ask(
        _ check: ToolCheck, _ tool: CloudTool, _ examination: inout Examination
    ) async {
        do {
            // A token may be in the answer, so none of it is shown.
            if let problem = check.problem(try await tool.ask(check.arguments)) {
                examination.add(.problem, check.title, problem, hint: check.hint)
            } else {
                examination.add(.good, check.title, "as needed")
            }
        } catch {
            examination.add(
                .problem, check.title, (error as? Failure)?.summary ?? "\(error)", hint: check.hint)
        }
    }

    private func look(
        for runs: [RunRecord], _ tool: CloudTool, _ examination: inout Examination
    ) async {
        do {
            let living = try await tool.living(in: place)
            examination.living = living
            let known = Set(runs.map(\.run.slug))
            for thing in living where !known.contains(thing.run ?? "") {
                examination.removals[thing.name] = rented.removal(of: thing, in: place)
            }
        } catch {
            examination.add(
                .warning, "what is alive",
                "could not be looked for: " + ((error as? Failure)?.summary ?? "\(error)"))
        }
    }
}
