import Shared

/// Chooses the zones that a start tries where the user names none.
///
/// A run stays in its dataset's region unless `--zones` or `--regions` says otherwise: there reading
/// costs nothing, and customers' data may not be anywhere else.
struct ZoneChoice: Sendable {
    let provider: any CloudProvider
    let tool: CloudTool
    let place: CloudPlace
    var isInstalled: @Sendable (String) -> Bool = { Shared.isInstalled($0) }
    /// Tells the user what was not found out.
    let note: @Sendable (String) -> Void

    /// More regions than any cloud has.
    private static let mostRegions = 80

    /// The zones to try, in order, and whether the cloud's own advice may add to them.
    struct Zones: Sendable, Equatable {
        var names: [String]
        /// No zone of another region is used, even if the cloud names it; empty if no advice is followed.
        var openRegions: Set<String>
    }

    /// - Throws: `Failure` where the cloud says that none of the regions has such a machine.
    func choose(for machine: MachineRequest, dataset: StoreURL?) async throws -> Zones {
        let home = await region(of: dataset)
        guard machine.zones.isEmpty || !machine.regions.isEmpty else {
            warn(of: machine.zones.map(provider.region), home: home)
            return Zones(names: machine.zones, openRegions: [])
        }
        let regions =
            machine.regions.isEmpty
            ? [home ?? provider.region(of: provider.defaultZone)] : machine.regions
        warn(of: machine.zones.map(provider.region) + machine.regions, home: home)
        var names = machine.zones
        for region in regions {
            let offered: [String]
            do {
                offered = try await zones(for: machine, region: region)
            } catch {
                let reason = (error as? Failure)?.summary ?? "\(error)"
                note("which zones of \(region) have the machine is not known: \(reason)")
                offered = [fallback(in: region)].compactMap { $0 }
            }
            names += offered.filter { !names.contains($0) }
        }
        guard !names.isEmpty else {
            throw await refusal(of: machine, in: regions, home: home)
        }
        return Zones(names: names, openRegions: Set(names.map(provider.region)).union(regions))
    }

    /// The zone of a region that is tried where the cloud does not say which have the machine.
    private func fallback(in region: String) -> String? {
        if region == provider.region(of: provider.defaultZone) { return provider.defaultZone }
        // Most regions have a zone of the same letter.
        let suffix = provider.defaultZone.dropFirst(
            provider.region(of: provider.defaultZone).count)
        return region + suffix
    }

    private func warn(of regions: [String], home: String?) {
        guard let home, let listing = provider as? any CapacityListing else { return }
        let others = Set(regions).subtracting([home]).sorted()
        guard !others.isEmpty else { return }
        note(
            "the dataset is in \(home): reading it from \(others.joined(separator: ", ")) costs "
                + "\(listing.transferPrice), at each start of the machine")
    }

    /// The dataset's region; nil where it is not known, such as that of a foreign public bucket.
    private func region(of dataset: StoreURL?) async -> String? {
        guard let dataset, let listing = provider as? any CapacityListing,
            isInstalled(provider.tool)
        else { return nil }
        let query = listing.regionQuery(ofDataset: dataset, in: place)
        return (try? await tool.ask(query)).flatMap(listing.region(ofDataset:))
    }

    /// - Parameter region: nil for all regions, where one question answers for them.
    /// - Throws: `Failure` where the cloud cannot be asked.
    private func zones(for machine: MachineRequest, region: String?) async throws -> [String] {
        guard let listing = provider as? any CapacityListing else {
            throw Failure("this cloud cannot be asked")
        }
        guard isInstalled(provider.tool) else {
            throw Failure.notInstalled(provider.tool, purpose: "which would tell")
        }
        var common: [String]?
        for query in listing.zoneQueries(for: machine, in: place, region: region) {
            let found = try listing.zones(in: try await tool.ask(query))
            common = common.map { $0.filter(found.contains) } ?? found
        }
        return common ?? []
    }

    private func refusal(
        of machine: MachineRequest, in regions: [String], home: String?
    ) async -> Failure {
        let type = provider.machineType(for: machine)
        let places = regions.joined(separator: ", ")
        let isHome = home.map { regions == [$0] } ?? false
        let others = await self.regions(with: machine, besides: regions)
        let price = (provider as? any CapacityListing)?.transferPrice ?? "money"
        let subject =
            isHome && machine.regions.isEmpty ? "\(places), where the dataset is," : places
        let names = others.joined(separator: ", ")
        return Failure(
            "\(subject) has no \(type)",
            detail: others.isEmpty ? nil : "regions that have it: \(names)",
            hint:
                "take another --machine_type, or another region: --regions R; reading the dataset "
                + "from there costs \(price)")
    }

    /// The regions that offer the machine; empty where they cannot be asked.
    func regions(with machine: MachineRequest, besides known: [String]) async -> [String] {
        let all: [String]
        let listing = provider as? any CapacityListing
        if let listing, !listing.zoneQueries(for: machine, in: place, region: nil).isEmpty {
            all = (try? await zones(for: machine, region: nil)) ?? []
        } else {
            all = await zonesByRegion(for: machine)
        }
        return Set(all.map(provider.region)).subtracting(known).sorted()
    }

    /// Asks each region by itself.
    private func zonesByRegion(for machine: MachineRequest) async -> [String] {
        guard let query = (provider as? any ResourceListing)?.regionsQuery(in: place),
            let text = try? await tool.ask(query),
            let regions = try? JSONDecoder().decode([String].self, from: Data(text.utf8))
        else { return [] }
        let some = Array(regions.prefix(Self.mostRegions))
        let zones = await ParallelMap.run(some, limit: 8) { (region: String) -> [String] in
            // A region that does not answer is left out of the list.
            (try? await self.zones(for: machine, region: region)) ?? []
        }
        return zones.flatMap { $0 }
    }
}
