import Shared

/// Asks a cloud's own tool which zones offer a machine type, and where a bucket is.
protocol CapacityListing: Sendable {
    /// Prints the zones that offer the machine: those of one region, or of all where one question
    /// answers for all; nil for `region` asks for all.
    ///
    /// - Returns: several commands where the machine is put together of several parts, each of which
    ///   a zone must have; none where all regions cannot be asked at once.
    func zoneQueries(for machine: MachineRequest, in place: CloudPlace, region: String?)
        -> [[String]]
    /// Reads what one of them printed.
    ///
    /// - Throws: `Failure` where the answer is not as expected.
    func zones(in answer: String) throws -> [String]
    /// Prints the region of a bucket.
    func regionQuery(ofDataset url: StoreURL, in place: CloudPlace) -> [String]
    /// The region that a machine takes which is to be near that bucket; nil where the answer says
    /// nothing of the kind.
    func region(ofDataset answer: String) -> String?
    /// What moving data to another region costs, for a sentence, with the year it was looked up.
    var transferPrice: String { get }
}
