import Shared

/// Compute Engine's lists of machine types and GPUs by zone (cloud.google.com/sdk/gcloud/reference,
/// `compute machine-types list` and `compute accelerator-types list`).
extension GoogleProvider: CapacityListing {
    func zoneQueries(
        for machine: MachineRequest, in place: CloudPlace, region: String?
    ) -> [[String]] {
        let project = place.project.map { ["--project=\($0)"] } ?? []
        func list(_ noun: String, _ name: String) -> [String] {
            let zones = region.map { " AND zone ~ ^\($0)-" } ?? ""
            return ["compute", noun, "list", "--filter=name=\(name)\(zones)"]
                + ["--format=value(zone)"] + project
        }
        return [list("machine-types", machineType(for: machine))]
            + (machine.gpuType.map { [list("accelerator-types", $0)] } ?? [])
    }

    /// A zone a line.
    func zones(in answer: String) throws -> [String] {
        // A URL in some versions.
        let zones = answer.split(whereSeparator: \.isWhitespace).compactMap { word in
            word.split(separator: "/").last.map(String.init)
        }
        guard zones.allSatisfy({ ZoneList.parse($0) != nil }) else {
            throw Failure("gcloud: its answer is no list of zones")
        }
        return zones
    }

    func regionQuery(ofDataset url: StoreURL, in place: CloudPlace) -> [String] {
        ["storage", "buckets", "describe", "gs://\(url.bucket)", "--format=value(location)"]
            + (place.project.map { ["--project=\($0)"] } ?? [])
    }

    /// A region, or a region of those that a bucket of several lies in
    /// (cloud.google.com/storage/docs/locations): the one with the most kinds of GPU.
    func region(ofDataset answer: String) -> String? {
        let location = answer.filter { !$0.isWhitespace }.lowercased()
        let several = [
            "us": "us-central1", "eu": "europe-west4", "asia": "asia-southeast1",
            "nam4": "us-central1", "eur4": "europe-west4", "eur5": "europe-west1",
            "eur7": "europe-west3", "eur8": "europe-west3", "asia1": "asia-northeast1",
        ]
        if let region = several[location] { return region }
        return location.wholeMatch(of: /[a-z]+-[a-z]+[0-9]+/) != nil ? location : nil
    }

    /// cloud.google.com/storage/pricing, "Data transfer within Google Cloud", from memory: the page
    /// could not be opened.
    var transferPrice: String {
        "about $0.02 per GB within a continent, up to $0.14 between two (not compared since 2025)"
    }
}
