import Shared

/// Finds names of a manifest that are one file on this disk: macOS holds `A` and `a` for one name,
/// and so it does with the two ways to write `é`.
///
/// Each of two such files is as the manifest says at the moment at which it is fetched, and then takes
/// the other's place: without this look both would count as verified.
enum NameClash {
    /// What tells a file from every other, and how many names it has.
    struct Identity: Sendable {
        var device: UInt64
        var inode: UInt64
        var names: UInt64
    }

    private struct File: Hashable {
        var device: UInt64
        var inode: UInt64
    }

    /// - Parameter identity: of a file by its path in the manifest; nil if there is none.
    /// - Returns: each name that is another's file too, but for the first.
    static func find(
        _ manifest: Manifest, identity: (String) -> Identity?
    ) -> [Difference] {
        var names: [File: [String]] = [:]
        var counts: [File: UInt64] = [:]
        for entry in manifest.files where ManifestPath.objection(to: entry.path) == nil {
            guard let identity = identity(entry.path) else { continue }
            let file = File(device: identity.device, inode: identity.inode)
            names[file, default: []].append(entry.path)
            counts[file] = identity.names
        }
        // A file with as many hard links as names is a copy of each.
        return names.filter { $0.value.count > 1 && UInt64($0.value.count) > counts[$0.key] ?? 0 }
            .flatMap { _, paths in
                paths.dropFirst().map { path in
                    Difference(
                        path: path,
                        kind: .refused(
                            "is the same file as \(quoted(paths[0])) on this disk: give "
                                + "--destination on one that tells them apart"))
                }
            }
            .sorted { $0.path < $1.path }
    }

    /// What the disk says of the file at `path`.
    static func identity(at path: String) -> Identity? {
        var information = stat()
        guard lstat(path, &information) == 0 else { return nil }
        return Identity(
            device: UInt64(truncatingIfNeeded: information.st_dev),
            inode: UInt64(information.st_ino), names: UInt64(information.st_nlink))
    }
}
