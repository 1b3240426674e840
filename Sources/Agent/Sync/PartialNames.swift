import Shared

// Under which name a half-written file goes up.

extension SyncEngine {
    /// The longest name of a file on the disks that people have.
    private static let longestName = 255

    /// `NAME.partial`, or with a number where the trainer has a file of its own called so.
    func partialName(of path: String) -> String {
        if let former = partials[PathKey(path)] { return former.name }
        var suffix = BucketLayout.partialSuffix
        var number = 2
        while true {
            let name = Self.fitted(path, suffix: suffix)
            if !exists(source(of: name)) { return name }
            suffix = BucketLayout.partialSuffix + ".\(number)"
            number += 1
        }
    }

    /// `path` with `suffix`; where that is longer than a name or an object may be, what is too much
    /// of the name's end gives way to its digest, so that two such names stay two.
    static func fitted(_ path: String, suffix: String) -> String {
        let directory = parentDirectory(path)
        var name = path.dropFirst(directory.utf8.count + 1)
        let room = min(longestName, ManifestPath.maximumBytes - directory.utf8.count - 1)
        if name.utf8.count + suffix.utf8.count <= room { return path + suffix }
        let digest = "~" + SHA256.hex(Array(path.utf8)).prefix(12)
        while !name.isEmpty, name.utf8.count + digest.utf8.count + suffix.utf8.count > room {
            name.removeLast()
        }
        return "\(directory)/\(name)\(digest)\(suffix)"
    }
}
