import Shared

/// Checks what a run on a rented cloud needs, and lists the resources that exist there.
struct CloudDoctor: Sendable {
    let context: Context
    let provider: any CloudProvider
    let address: RunAddress

    private var place: CloudPlace {
        CloudPlace(
            project: address.projectName ?? provider.defaultProjectName,
            region: provider.region(of: provider.defaultZone))
    }

    func diagnose(runs: [RunRecord]) async -> DoctorReport {
        var report = DoctorReport(cloud: provider.name)
        await checkPrograms(&report)
        guard isInstalled(provider.tool) else {
            report.add(
                .warning, provider.tool,
                "not installed: credentials, quota and existing resources were not checked",
                hint: "install \(provider.tool)")
            return report
        }
        let key = address.credentialsPath.map(StoreURL.absolutePath)
        let tool = CloudTool(
            provider: provider, credentialsPath: key, runner: context.runner, clock: context.clock)
        let place: CloudPlace
        do {
            place = try provider.resolved(self.place, credentialsPath: key)
        } catch {
            let failure = error as? Failure ?? Failure("\(error)")
            report.add(
                .warning, "project", "nothing was checked: \(failure.summary)",
                hint: failure.hint)
            return report
        }
        if place.project == nil {
            report.add(
                .warning, "project", "none is given, so the tool's own default counts",
                hint: "give --project_name PROJECT")
        }
        await checkAccount(in: place, tool, &report)
        await listResources(of: runs, in: place, tool, &report)
        return report
    }

    private func checkPrograms(_ report: inout DoctorReport) async {
        do {
            let version = try await TerraformDriver.checkVersion(runner: context.runner)
            report.add(.good, "terraform", version)
        } catch {
            let failure = error as? Failure ?? Failure("\(error)")
            report.add(.problem, "terraform", failure.summary, hint: failure.hint)
        }
        let runner = context.runner
        for tool in StoreRegistry.tools(for: provider.scheme).prefix(1) {
            let version = tool == "rclone" || tool == "gsutil" ? ["version"] : ["--version"]
            await report.checkProgram(tool, needed: true, version: version, runner: runner)
        }
        await report.checkProgram("tar", needed: true, runner: runner)
        await report.checkProgram("curl", needed: false, runner: runner)
        await report.checkProgram("ssh", needed: false, version: ["-V"], runner: runner)
    }

    private func checkAccount(
        in place: CloudPlace, _ tool: CloudTool, _ report: inout DoctorReport
    ) async {
        guard let doctor = provider as? any DoctorChecks else {
            report.add(
                .warning, "account", "login, quota and permissions cannot be checked on this cloud")
            return
        }
        for check in doctor.checks(in: place, credentialsPath: tool.credentialsPath) {
            do {
                report.add(
                    check.title, check.interpret(try await tool.ask(check.arguments)),
                    hint: check.hint)
            } catch {
                report.add(
                    .problem, check.title, (error as? Failure)?.summary ?? "\(error)",
                    hint: check.hint)
            }
        }
        report.add("permissions", await doctor.permissions(in: place, asking: tool))
    }

    private func listResources(
        of runs: [RunRecord], in place: CloudPlace, _ tool: CloudTool,
        _ report: inout DoctorReport
    ) async {
        guard let listing = provider as? any ResourceListing else {
            report.add(.warning, "resources", "resources cannot be listed on this cloud")
            return
        }
        let found = await find(listing, runs, in: place, tool)
        let reasons = Dictionary(grouping: found.unsearched, by: \.reason)
        for (reason, unsearched) in reasons.sorted(by: { $0.key < $1.key }) {
            let places = unsearched.map(\.place).joined(separator: ", ")
            report.add(.warning, "resources", "\(places) could not be searched: \(reason)")
        }
        report.resources = found.resources
        report.regions = found.regions
        report.unsearched = found.unsearched.map(\.place)
        let known = Set(runs.map(\.run.slug))
        for resource in found.resources ?? [] where !known.contains(resource.run ?? "") {
            report.removals[resource.key] = listing.removal(of: resource, in: place)
        }
    }

    private func find(
        _ listing: any ResourceListing, _ runs: [RunRecord], in place: CloudPlace, _ tool: CloudTool
    ) async -> ResourceSearch.Found {
        await ResourceSearch(tool: tool, listing: listing, place: place)
            .find(known: runs.compactMap(\.machine?.region))
    }

    /// All resources with the engine's labels in the project, whoever started them.
    ///
    /// - Throws: `Failure` where the cloud cannot be asked.
    func resources(runs: [RunRecord]) async throws -> ResourceSearch.Found {
        guard let listing = provider as? any ResourceListing else {
            throw Failure("resources cannot be listed on \(provider.name)")
        }
        let key = address.credentialsPath.map(StoreURL.absolutePath)
        let tool = CloudTool(
            provider: provider, credentialsPath: key, runner: context.runner, clock: context.clock)
        let place = try provider.resolved(self.place, credentialsPath: key)
        return await find(listing, runs, in: place, tool)
    }
}
