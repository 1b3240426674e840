import Shared

/// Finds what the cloud has under a run's name, whether or not Terraform knows of it.
extension TerraformCloud {
    /// Where the run may have left resources: where its machine is, and wherever one was requested.
    func places(of record: RunRecord) -> [CloudPlace] {
        let requested = (record.zones ?? []).map(provider.region)
        return places(
            project: record.machine?.project ?? record.run.projectName,
            regions: (record.machine.map { [$0.region] } ?? []) + requested)
    }

    private func places(project: String, regions: [String]) -> [CloudPlace] {
        let known = regions.isEmpty ? [provider.region(of: provider.defaultZone)] : regions
        var places: [CloudPlace] = []
        for region in known {
            let place = CloudPlace(project: project, region: region)
            // Most clouds list all regions at once.
            let isNew = !places.contains { queries(in: $0) == queries(in: place) }
            if isNew { places.append(place) }
        }
        return places
    }

    private func queries(in place: CloudPlace) -> [[String]] {
        (provider as? any ResourceListing)?.resourceQueries(in: place).map(\.arguments) ?? []
    }

    /// Refuses to start a run whose name exists in the cloud, unknown to this computer: its resources
    /// would stop Terraform half-way, and they are not this start's to remove.
    ///
    /// - Throws: `Failure` with what to do. Without the cloud's tool or its login nothing is checked,
    ///   and Terraform fails later at a name that is taken.
    func checkNotElsewhere(_ plan: Plan) async throws {
        // A run that is known here is reported with more detail elsewhere.
        guard !exists(try context.state.folder(of: plan.run).recordPath) else { return }
        let tool = CloudTool(
            provider: provider, credentialsPath: plan.access.credentialsPath,
            runner: context.runner,
            clock: context.clock)
        let regions = plan.machine.zones.map(provider.region)
        var found: [LabelledResource] = []
        for place in places(project: plan.run.projectName, regions: regions) {
            guard let more = try? await tool.resources(of: plan.run.slug, in: place) else { return }
            found += more
        }
        guard found.isEmpty else {
            throw Failure(
                "a run \(plan.run) is alive on \(name) already, and this computer does not know it",
                detail: found.map { "  \($0.text)" }.joined(separator: "\n"),
                hint: "finish it where it was started, or give this one another --code_name or "
                    + "--dataset_name; of a computer that is gone: train doctor "
                    + "--cloud \(name) --project_name \(plan.run.projectName)")
        }
    }

    /// Lines about machines of the run that are not in Terraform's state after an interrupt: they
    /// cost money, and keep their network from being removed.
    ///
    /// None if the cloud's tool cannot list them. Listed once: where the list is late, the command
    /// that is shown removes all that is left of the run.
    ///
    /// - Parameter known: the addresses in Terraform's state.
    func machinesOutsideState(of record: RunRecord, known: [String]) async -> [String] {
        guard record.isNameTaken != true,
            !known.contains(where: { $0.hasPrefix(provider.machineResource) })
        else { return [] }
        var lines: [String] = []
        for place in places(of: record) {
            let resources = try? await tool(record).resources(
                of: record.run.slug, in: place, listings: 1)
            for machine in resources ?? [] where machine.isMachine {
                lines += [
                    "  still there, and not in Terraform's state: \(machine.text)",
                    "    \(removal(of: machine, in: place))",
                ]
            }
        }
        return lines
    }

    private func removal(of resource: LabelledResource, in place: CloudPlace) -> String {
        (provider as? any ResourceListing)?.removal(of: resource, in: place) ?? ""
    }

    /// Looks for resources that are not in Terraform's state, such as a machine whose creation was
    /// interrupted: only their labels show them.
    ///
    /// - Throws: `Failure` that names each, with the command that removes it.
    func checkNothingRemains(_ record: RunRecord, line: LiveLine) async throws {
        var found: [(resource: LabelledResource, place: CloudPlace)] = []
        do {
            for place in places(of: record) {
                found += try await tool(record).resources(of: record.run.slug, in: place)
                    .map { ($0, place) }
            }
        } catch let failure as Failure {
            line.say(
                .warning,
                "Terraform removed all in its state; whether \(name) "
                    + "holds anything else of the run was not checked: \(failure.summary)")
            return
        }
        guard !found.isEmpty else {
            line.say(.good, "\(name) holds nothing of the run any more")
            return
        }
        if record.isNameTaken == true {
            // Most likely a colleague's run, so no command to remove it is shown.
            line.say(
                .warning,
                "\(name) holds a run of that name which this start "
                    + "did not create: " + found.map(\.resource.text).joined(separator: ", "))
            return
        }
        let lines = found.flatMap { resource, place in
            ["  still there: \(resource.text)", "    \(removal(of: resource, in: place))"]
        }
        throw Failure(
            "\(name) still has \(counted(found.count, "resource")) of \(record.run) that "
                + "Terraform does not know of",
            detail: lines.joined(separator: "\n"),
            hint: "remove them as shown, then: train finish \(record.run)")
    }
}
