import Shared

/// A run's next machine: the buckets, and what is in them, stay.
extension TerraformCloud {
    /// How long a machine that was taken away may take to go off.
    private static let secondsToGoOff = 120

    func resume(_ run: RunHandle, _ order: ResumeOrder, steps: Steps) async throws {
        var record = run.record
        let folder = run.folder
        try await TerraformDriver.checkVersion(runner: context.runner)
        if order.wasPreempted, let machine = record.machine {
            try await waitUntilOff(machine, of: record, steps: steps)
        }
        try TerraformInputs.setLimits(
            seconds: order.secondsLeft,
            hardLimit: order.hardSecondsLeft.map { max($0, order.secondsLeft ?? 0) }, in: folder)
        let driver = try driver(for: record, in: folder, line: steps.line)
        let search = try search(for: record, order, with: driver, in: folder, line: steps.line)
        try await steps.run("fetching Terraform's providers") { try await driver.initialise() }
        if !steps.line.isInteractive { steps.line.say("  making another machine …") }
        do {
            try await keepingLease(of: record, in: folder) {
                try await driver.destroy(only: provider.machineResource)
                try await search.run()
            }
            record.machine = try await driver.outputs()
        } catch {
            try await leaveNoMachine(of: record, by: driver, after: error)
            throw (error as? TerraformDriver.TerraformError)?.failure ?? error
        }
        record.machine?.createdAt = context.now()
        try folder.write(record)
        do {
            try await publish(record, in: folder)
        } catch let failure as Failure {
            steps.line.say(.warning, "other computers do not see it yet: " + failure.summary)
        }
    }

    /// The zone of the former machine first, then all that the start was given.
    private func search(
        for record: RunRecord, _ order: ResumeOrder, with driver: TerraformDriver,
        in folder: RunFolder, line: LiveLine
    ) throws -> ZoneSearch {
        var machine = try TerraformInputs.machine(in: folder)
        machine.zones += (record.zones ?? []).filter { !machine.zones.contains($0) }
        machine.patience = order.patience
        if let given = try folder.words()?["--spot"]?.last, let spot = SpotChoice(given) {
            machine.spot = spot
        }
        try TerraformInputs.setSpot(machine.spot.attempts[0], in: folder)
        let zones = ZoneChoice.Zones(names: machine.zones, openRegions: [])
        return zoneSearch(for: machine, in: zones, with: driver, in: folder, line: line) { _ in [] }
    }

    /// - Throws: `Failure` where it runs on: its cloud has started it again.
    private func waitUntilOff(
        _ machine: Machine, of record: RunRecord, steps: Steps
    ) async throws {
        let tool = tool(record)
        guard await tool.state(of: machine) == .running else { return }
        try await steps.run("waiting for the former machine to go off") {
            for _ in 0..<Self.secondsToGoOff / 5 {
                try await context.clock.sleep(for: .seconds(5))
                if await tool.state(of: machine) != .running { return }
            }
            throw Failure(
                "the machine of \(record.run) is on again: its cloud has started it",
                hint: "its agent goes on by itself: train status \(record.run)")
        }
    }

    /// To its end even where the task is cancelled: a half-made machine must not stay.
    private func leaveNoMachine(
        of record: RunRecord, by driver: TerraformDriver, after cause: any Error
    ) async throws {
        do {
            try await Task { try await driver.destroy(only: provider.machineResource) }.value
        } catch {
            let why =
                (error as? TerraformDriver.TerraformError)?.failure ?? (error as? Failure)
                ?? Failure("\(error)")
            throw LeftBehind(
                failure: Failure(
                    "\(record.run) was not started again, and a machine may be left: "
                        + why.summary,
                    detail: why.detail,
                    hint: "look: train status \(record.run); try again: train resume \(record.run)"
                ))
        }
    }
}
