import Shared

/// Objects below output, logs and stray that may be in the bucket although no record says so.
///
/// A transfer that failed or was killed with its agent, on this machine or on one that is gone, may
/// have uploaded objects that no manifest names.
struct UnrecordedObjects {
    private(set) var paths: Set<PathKey> = []
    /// The bucket was listed by this process: `paths` has what former ones left there.
    private(set) var isListed = false
    private static let trees = BucketLayout.trees.map { Array("\($0)/".utf8) }

    mutating func insert(_ objects: [String]) { paths.formUnion(objects.map { PathKey($0) }) }

    mutating func remove(_ objects: [String]) { paths.subtract(objects.map { PathKey($0) }) }

    /// Takes a listing of the whole bucket.
    mutating func record(_ listing: [StoredObject], isRecorded: (String) -> Bool) {
        for object in listing
        where Self.trees.contains(where: { object.path.utf8.starts(with: $0) })
            && ManifestPath.objection(to: object.path) == nil && !isRecorded(object.path)
        {
            paths.insert(PathKey(object.path))
        }
        isListed = true
    }
}
