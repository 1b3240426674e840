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
        let key = address.credentialsPath.map(StoreURL.absolutePath)
        let tool = CloudTool(
            cloud: rented, credentialsPath: key, runner: context.runner, clock: context.clock)
        let place: CloudPlace
        do {
            place = try rented.resolved(self.place, credentialsPath: key)
        } catch {
            let failure = error as? Failure ?? Failure("\(error)")
            examination.add(
                .warning, "project", "nothing was looked at: \(failure.summary)",
                hint: failure.hint)
            return examination
        }
        if place.project == nil {
            examination.add(
                .warning, "project", "none is given, so the tool's own default counts",
                hint: "give --project_name PROJECT")
        }
        for check in rented.checks(in: place, credentialsPath: key) {
            await ask(check, tool, &examination)
        }
        examination.add("permissions", await rented.permissions(in: place, asking: tool))
        await look(for: runs, in: place, tool, &examination)
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
            examination.add(
                check.title, check.judge(try await tool.ask(check.arguments)), hint: check.hint)
        } catch {
            examination.add(
                .problem, check.title, (error as? Failure)?.summary ?? "\(error)", hint: check.hint)
        }
    }

    private func look(
        for runs: [RunRecord], in place: CloudPlace, _ tool: CloudTool,
        _ examination: inout Examination
    ) async {
        let found = await LivingSearch(tool: tool, place: place)
            .look(known: runs.compactMap(\.machine?.region))
        for (reason, blinds) in Dictionary(grouping: found.unseen, by: \.reason).sorted(by: {
            $0.key < $1.key
        }) {
            let places = blinds.map(\.place).joined(separator: ", ")
            examination.add(
                .warning, "what is alive", "\(places) could not be looked at: \(reason)")
        }
        examination.living = found.living
        examination.regions = found.regions
        examination.unseen = found.unseen.map(\.place)
        let known = Set(runs.map(\.run.slug))
        for thing in found.living ?? [] where !known.contains(thing.run ?? "") {
            examination.removals[thing.key] = rented.removal(of: thing, in: place)
        }
    }
}
