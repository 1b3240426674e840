import Shared

/// Searches a whole account for resources that carry the engine's labels.
struct ResourceSearch: Sendable {
    let tool: CloudTool
    let listing: any ResourceListing
    let place: CloudPlace

    /// AWS has some thirty regions, and its tool takes a second of processor time for each query.
    private static let simultaneousRegions = 8

    /// The resources found, and the places that could not be searched.
    struct Found: Sendable, Equatable {
        /// nil if no place could be searched.
        var resources: [LabelledResource]?
        /// The regions that were searched; empty if one query answers for all regions.
        var regions: [String] = []
        var unsearched: [Unsearched] = []
    }

    /// A place that could not be searched.
    struct Unsearched: Sendable, Equatable {
        var place: String
        var reason: String
    }

    /// - Parameter known: regions that are searched even if the cloud does not name them.
    func find(known: [String]) async -> Found {
        guard let query = listing.regionsQuery(in: place) else {
            var found = await find(in: place, called: tool.provider.name)
            found.regions = []
            return found
        }
        var found = Found()
        var regions = Set(known + [place.region])
        do {
            let text = try await tool.ask(query)
            guard let named = try? JSONDecoder().decode([String].self, from: Data(text.utf8)) else {
                throw Failure("\(tool.provider.tool): its answer is not the expected list")
            }
            regions.formUnion(named)
        } catch {
            found.unsearched.append(Unsearched(place: "other regions", reason: reason(error)))
        }
        let results = await ParallelMap.run(regions.sorted(), limit: Self.simultaneousRegions) {
            region in
            await find(in: CloudPlace(project: place.project, region: region), called: region)
        }
        for result in results {
            if let more = result.resources { found.resources = (found.resources ?? []) + more }
            found.regions += result.regions
            found.unsearched += result.unsearched
        }
        return found
    }

    /// A query that is refused does not hide what the others find.
    private func find(in place: CloudPlace, called name: String) async -> Found {
        var found = Found()
        for query in listing.resourceQueries(in: place) {
            do {
                var resources = found.resources ?? []
                resources.add(try await tool.list(query))
                found.resources = resources
            } catch {
                let kind = query.kind.map { "\($0)s in " } ?? ""
                found.unsearched.append(Unsearched(place: kind + name, reason: reason(error)))
            }
        }
        guard found.resources == nil else {
            found.regions = [place.region]
            return found
        }
        // Most likely all for one reason: no login, or a region that is not enabled.
        found.unsearched = [Unsearched(place: name, reason: found.unsearched.first?.reason ?? "")]
        return found
    }

    private func reason(_ error: any Error) -> String {
        (error as? Failure)?.summary ?? "\(error)"
    }
}
