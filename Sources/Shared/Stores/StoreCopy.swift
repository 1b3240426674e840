/// Copies from one store to another, inside the cloud where its tool can.
extension StoreClient {
    /// Copies objects below another store to the same names below this one, replacing.
    ///
    /// Between two buckets of one cloud no byte passes this computer. From a directory they are
    /// uploaded; else, or where the cloud's tool would misread a name, they come and go one by one.
    /// Nothing is verified here: whoever copies compares listing and manifest.
    ///
    /// - Throws: `Failure`; some of the objects may be there then.
    package func copy(_ paths: [String], from other: StoreClient) async throws {
        try paths.forEach(RelativePath.check)
        var rest = paths
        if other.url.scheme == url.scheme {
            let plain = paths.filter { !store.isAwkward($0) }
            if let commands = store.copy(plain, from: other.url, to: url) {
                for command in commands {
                    try await perform(command, doing: "copying \(other.url) to", at: url)
                }
                rest = paths.filter(store.isAwkward)
            }
        } else if other.url.scheme == "file" {
            return try await upload(rest, of: other.url.path)
        }
        let directory = try TemporaryDirectory(prefix: "train-copy")
        defer { directory.remove() }
        for path in rest {
            let file = directory.path + "/object"
            try await other.download(object: path, to: file, limit: .max)
            try await upload(file: file, as: path)
            unlink(file)
        }
    }
}

/// Splits names into groups that fit into one command each.
///
/// - Parameter limit: in bytes; Linux takes 128 KiB in one argument (`MAX_ARG_STRLEN`, execve(2)).
func commandGroups(_ names: [String], limit: Int = 100_000) -> [[String]] {
    var groups: [[String]] = []
    var size = limit
    for name in names {
        if size + name.utf8.count + 1 > limit {
            groups.append([])
            size = 0
        }
        groups[groups.count - 1].append(name)
        size += name.utf8.count + 1
    }
    return groups
}
