import Shared

/// EC2's list of machine types by zone. The letters of an account's zones are its own, so no table
/// could tell (docs.aws.amazon.com/ram/latest/userguide/working-with-az-ids.html).
extension AmazonProvider: CapacityListing {
    /// One region at a time: EC2 has no list of all.
    func zoneQueries(
        for machine: MachineRequest, in place: CloudPlace, region: String?
    ) -> [[String]] {
        guard let region else { return [] }
        return [
            ["ec2", "describe-instance-type-offerings", "--location-type", "availability-zone"]
                + ["--filters", "Name=instance-type,Values=\(machineType(for: machine))"]
                + ["--query", "sort(InstanceTypeOfferings[].Location)", "--output", "json"]
                + ["--region", region]
        ]
    }

    /// Local zones, which have a name of their own behind the region's, are not for us.
    func zones(in answer: String) throws -> [String] {
        guard let zones = try? JSONDecoder().decode([String].self, from: Data(answer.utf8)) else {
            throw Failure("aws: its answer is no list of zones")
        }
        return zones.filter { $0.wholeMatch(of: /[a-z]{2}(-[a-z]+)+-[0-9][a-z]/) != nil }
    }

    func regionQuery(ofDataset url: StoreURL, in place: CloudPlace) -> [String] {
        ["s3api", "get-bucket-location", "--bucket", url.bucket, "--output", "text"]
            + ["--region", place.region]
    }

    /// `None` is the oldest region, and `EU` an old name
    /// (docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html).
    func region(ofDataset answer: String) -> String? {
        let location = answer.filter { !$0.isWhitespace }
        let old = ["None": unnamedRegion, "null": unnamedRegion, "EU": "eu-west-1"]
        if let region = old[location] { return region }
        return location.wholeMatch(of: /[a-z]{2}(-[a-z]+)+-[0-9]/) != nil ? location : nil
    }

    /// aws.amazon.com/ec2/pricing/on-demand, "Data Transfer", from memory: the page could not be opened.
    var transferPrice: String {
        "about $0.02 per GB within the USA, up to $0.15 elsewhere (not compared since 2025)"
    }
}
