import Shared

/// What the cloud holds under a run's name, whether or not Terraform knows of it.
extension TerraformCloud {
    /// Where the run may have left something: where its machine is, and wherever one was asked for.
    func places(of record: RunRecord) -> [CloudPlace] {
        let asked = (record.zones ?? []).map(rented.region)
        return places(
            project: record.machine?.project ?? record.run.projectName,
            regions: (record.machine.map { [$0.region] } ?? []) + asked)
    }

    private func places(project: String, regions: [String]) -> [CloudPlace] {
        let known = regions.isEmpty ? [rented.region(of: rented.defaultZone)] : regions
        var places: [CloudPlace] = []
        for region in known {
            let place = CloudPlace(project: project, region: region)
            // Most clouds tell of all regions at once.
            let isNew = !places.contains {
                rented.livingQueries(in: $0).map(\.arguments)
                    == rented.livingQueries(in: place).map(\.arguments)
            }
            if isNew { places.append(place) }
        }
        return places
    }

    /// Refuses to start what lives already under the same name, unknown to this computer: its
    /// bucket would stop Terraform half-way, and what is found then is not this start's to remove.
    ///
    /// - Throws: `Failure` with the way on. Where the cloud's tool is not there or not logged in,
    ///   only the names of the buckets tell, later.
    func checkNotElsewhere(_ plan: Plan) async throws {
        // What is known here is told by that, in more words.
        guard !exists(try context.state.folder(of: plan.run).recordPath) else { return }
        let tool = CloudTool(
            cloud: rented, credentialsPath: plan.access.credentialsPath, runner: context.runner,
            clock: context.clock)
        let regions = plan.machine.zones.map(rented.region)
        var found: [Living] = []
        for place in places(project: plan.run.projectName, regions: regions) {
            guard let living = try? await tool.living(in: place, run: plan.run.slug) else { return }
            found += living
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

    /// Lines on the run's machines that Terraform lost at an interrupt: they bill, and keep their
    /// network from going. None where the cloud's tool cannot tell. Listed once: where the list is
    /// late, on Azure, the command below removes all that is left of the run anyway.
    ///
    /// - Parameter known: the addresses that Terraform's state holds.
    func lostMachines(of record: RunRecord, known: [String]) async -> [String] {
        guard record.isNameTaken != true,
            !known.contains(where: { $0.hasPrefix(rented.machineResource) })
        else { return [] }
        var lines: [String] = []
        for place in places(of: record) {
            let living = try? await tool(record).living(
                in: place, run: record.run.slug, looks: 1)
            for thing in living ?? [] where thing.isMachine {
                lines += [
                    "  still there, and Terraform does not know of it: \(thing.text)",
                    "    \(rented.removal(of: thing, in: place))",
                ]
            }
        }
        return lines
    }

    /// What Terraform does not know of, such as a machine whose making was interrupted, shows by its
    /// labels alone.
    func checkNothingLives(_ record: RunRecord, line: LiveLine) async throws {
        var found: [(thing: Living, place: CloudPlace)] = []
        do {
            for place in places(of: record) {
                found += try await tool(record).living(in: place, run: record.run.slug)
                    .map { ($0, place) }
            }
        } catch let failure as Failure {
            line.say(
                "\(line.coloured("!", .yellow)) Terraform removed all it knew; that \(name) holds "
                    + "nothing else of the run was not checked: \(failure.summary)")
            return
        }
        guard !found.isEmpty else {
            line.say("\(line.coloured("✓", .green)) \(name) holds nothing of the run any more")
            return
        }
        if record.isNameTaken == true {
            // A colleague's, most likely: no word of how to remove it.
            line.say(
                "\(line.coloured("!", .yellow)) \(name) holds a run of that name which this start "
                    + "did not make: " + found.map(\.thing.text).joined(separator: ", "))
            return
        }
        let lines = found.flatMap { thing, place in
            ["  still there: \(thing.text)", "    \(rented.removal(of: thing, in: place))"]
        }
        throw Failure(
            "\(name) still holds \(counted(found.count, "thing")) of \(record.run) that "
                + "Terraform does not know of",
            detail: lines.joined(separator: "\n"),
            hint: "remove it as shown, then: train finish \(record.run)")
    }
}
