import Shared

/// Which machine a plan takes, and in which zones it is looked for.
extension TerraformCloud {
    /// Takes the cheapest machine that the user's regions have, and its zones.
    func chooseMachine(_ plan: inout Plan) async throws {
        let choice = MachineChoice(
            provider: provider, now: context.now(),
            say: { [console = context.console] in console.error($0 + "\n") })
        let requests = try choice.requests(for: plan.machine)
        for (index, request) in requests.enumerated() {
            plan.machine = request
            do {
                let zones = try await zoneChoice(for: plan)
                    .choose(for: request, dataset: plan.datasetBucket)
                plan.machine.zones = zones.names
                plan.openRegions = zones.openRegions
                break
            } catch let failure as Failure {
                guard index + 1 < requests.count else { throw failure }
            }
        }
        try provider.check(plan)
        let zones = plan.machine.zones.isEmpty ? [provider.defaultZone] : plan.machine.zones
        try choice.settle(
            &plan.training, of: plan.machine,
            in: plan.openRegions.union(zones.map(provider.region(of:))))
    }

    private func zoneChoice(for plan: Plan) -> ZoneChoice {
        let home = provider.region(of: provider.defaultZone)
        let place = CloudPlace(project: plan.run.projectName, region: home)
        let key = plan.access.credentialsPath
        return ZoneChoice(
            provider: provider,
            tool: tool(plan),
            place: (try? provider.resolved(place, credentialsPath: key)) ?? place,
            note: { [console = context.console] in console.error("note: \($0)\n") })
    }

    /// The search for a zone with a free machine, which moves what `driver` makes from one to the next.
    func zoneSearch(
        for plan: Plan, with driver: TerraformDriver, in folder: RunFolder, line: LiveLine
    ) -> ZoneSearch {
        let choice = zoneChoice(for: plan)
        let zones = ZoneChoice.Zones(names: plan.machine.zones, openRegions: plan.openRegions)
        return zoneSearch(for: plan.machine, in: zones, with: driver, in: folder, line: line) {
            await choice.regions(with: plan.machine, besides: $0)
        }
    }

    /// The same for a machine that is known without a plan.
    func zoneSearch(
        for machine: MachineRequest, in zones: ZoneChoice.Zones, with driver: TerraformDriver,
        in folder: RunFolder, line: LiveLine,
        otherRegions: @escaping @Sendable ([String]) async -> [String]
    ) -> ZoneSearch {
        ZoneSearch(
            provider: provider, machine: machine, zones: zones, line: line, clock: context.clock,
            apply: driver.apply,
            change: { change in
                switch change {
                case .zone(let zone): try TerraformInputs.setZone(zone, in: folder)
                case .spot(let isSpot): try TerraformInputs.setSpot(isSpot, in: folder)
                case .leaveRegion:
                    guard let resource = provider.regionalResource else { return }
                    try await driver.destroy(only: resource)
                }
            },
            otherRegions: otherRegions)
    }
}
