import Shared

/// Looks for whatever carries the engine's labels, wherever in an account it may be.
struct LivingSearch: Sendable {
    let tool: CloudTool
    let place: CloudPlace

    /// AWS has some thirty regions, and its tool takes a second of a processor for each question.
    private static let atOnce = 8

    /// What was found, and why the rest was not seen.
    struct Found: Sendable, Equatable {
        /// nil: nothing could be looked at.
        var living: [Living]?
        /// The regions that were looked at; empty where the cloud is asked as a whole.
        var regions: [String] = []
        /// Where it could not be looked, and why.
        var unseen: [Blind] = []
    }

    /// A place that was not seen.
    struct Blind: Sendable, Equatable {
        var place: String
        var reason: String
    }

    /// - Parameter known: regions that must be looked at even where the cloud names none.
    func look(known: [String]) async -> Found {
        guard let query = tool.cloud.regionsQuery(in: place) else {
            var found = await look(in: place, called: tool.cloud.name)
            found.regions = []
            return found
        }
        var found = Found()
        var regions = Set(known + [place.region])
        do {
            let text = try await tool.ask(query)
            guard let named = try? JSONDecoder().decode([String].self, from: Data(text.utf8)) else {
                throw Failure("\(tool.cloud.tool): its answer does not read as a list")
            }
            regions.formUnion(named)
        } catch {
            found.unseen.append(Blind(place: "other regions", reason: reason(error)))
        }
        let results = await regions.sorted().concurrentMap(limit: Self.atOnce) { region in
            await look(in: CloudPlace(project: place.project, region: region), called: region)
        }
        for result in results {
            if let living = result.living { found.living = (found.living ?? []) + living }
            found.regions += result.regions
            found.unseen += result.unseen
        }
        return found
    }

    /// One question that is refused hides nothing of what the others find.
    private func look(in place: CloudPlace, called name: String) async -> Found {
        var found = Found()
        let queries = tool.cloud.livingQueries(in: place)
        for query in queries {
            do {
                var living = found.living ?? []
                living.add(try await tool.list(query))
                found.living = living
            } catch {
                let things = query.kind.map { "\($0)s in " } ?? ""
                found.unseen.append(Blind(place: things + name, reason: reason(error)))
            }
        }
        guard found.living == nil else {
            found.regions = [place.region]
            return found
        }
        // All for one reason, most likely: no login, or a region that is closed.
        found.unseen = [Blind(place: name, reason: found.unseen.first?.reason ?? "")]
        return found
    }

    private func reason(_ error: any Error) -> String {
        (error as? Failure)?.summary ?? "\(error)"
    }
}
