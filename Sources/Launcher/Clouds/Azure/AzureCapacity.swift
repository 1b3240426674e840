import Shared

/// Azure's list of machine sizes with what this subscription may not use
/// (learn.microsoft.com/cli/azure/vm, `az vm list-skus`).
extension AzureProvider: CapacityListing {
    private struct Size: Decodable {
        struct Restriction: Decodable {
            /// `Location` or `Zone`.
            var type: String
            var zones: [String]?
        }
        var location: String
        var zones: [String]?
        var restrictions: [Restriction]?
    }

    func zoneQueries(
        for machine: MachineRequest, in place: CloudPlace, region: String?
    ) -> [[String]] {
        let name = machineType(for: machine)
        return [
            ["vm", "list-skus", "--resource-type", "virtualMachines", "--size", name, "--all"]
                + ["--query"]
                + [
                    "[?name=='\(name)'].{location:locationInfo[0].location,"
                        + "zones:locationInfo[0].zones,"
                        + "restrictions:restrictions[].{type:type,zones:restrictionInfo.zones}}"
                ]
                + (region.map { ["--location", $0] } ?? [])
                + (place.project.map { ["--subscription", $0] } ?? []) + ["-o", "json"]
        ]
    }

    /// The region alone comes first: Azure then chooses the zone, by what it has free.
    func zones(in answer: String) throws -> [String] {
        guard let sizes = try? JSONDecoder().decode([Size].self, from: Data(answer.utf8)) else {
            throw Failure("az: its answer is no list of sizes")
        }
        return sizes.flatMap { size -> [String] in
            let restrictions = size.restrictions ?? []
            let region = size.location.lowercased()
            guard !restrictions.contains(where: { $0.type == "Location" }) else { return [] }
            let closed = Set(restrictions.flatMap { $0.zones ?? [] })
            let zones = (size.zones ?? []).filter { !closed.contains($0) }.sorted()
            return [region] + zones.map { "\(region)-\($0)" }
        }
        .filter { ZoneList.parse($0) != nil }
    }

    func regionQuery(ofDataset url: StoreURL, in place: CloudPlace) -> [String] {
        ["resource", "list", "--name", url.bucket, "--resource-type"]
            + ["Microsoft.Storage/storageAccounts", "--query", "[0].location", "-o", "tsv"]
            + (place.project.map { ["--subscription", $0] } ?? [])
    }

    func region(ofDataset answer: String) -> String? {
        let location = answer.filter { !$0.isWhitespace }.lowercased()
        return location.wholeMatch(of: /[a-z]+[0-9]?/) != nil && location != "none"
            ? location : nil
    }

    /// azure.microsoft.com/pricing/details/bandwidth, from memory: the page could not be opened.
    var transferPrice: String {
        "about $0.02 per GB within a continent, up to $0.16 between two (not compared since 2025)"
    }
}
