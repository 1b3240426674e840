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
            let (_, result) = await look(in: place)
            return switch result {
            case .success(let living): Found(living: living)
            case .failure(let failure):
                Found(unseen: [Blind(place: tool.cloud.name, reason: failure.summary)])
            }
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
            found.unseen.append(
                Blind(place: "other regions", reason: failure(error).summary))
        }
        let results = await regions.sorted().concurrentMap(limit: Self.atOnce) { region in
            await look(in: CloudPlace(project: place.project, region: region))
        }
        for (place, result) in results {
            switch result {
            case .success(let living):
                found.living = (found.living ?? []) + living
                found.regions.append(place.region)
            case .failure(let failure):
                found.unseen.append(Blind(place: place.region, reason: failure.summary))
            }
        }
        return found
    }

    private func look(in place: CloudPlace) async -> (CloudPlace, Result<[Living], Failure>) {
        do {
            return (place, .success(try await tool.living(in: place)))
        } catch {
            return (place, .failure(failure(error)))
        }
    }

    private func failure(_ error: any Error) -> Failure { error as? Failure ?? Failure("\(error)") }
}
