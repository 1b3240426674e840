import Shared

extension UploadLedger {
    /// Objects that no directory can hold beside new files, and that the last scan did not see.
    ///
    /// - Parameters:
    ///   - new: object paths of files that have no object.
    ///   - staged: objects that are staged, and may be up.
    func conflicts(with new: [String], staged: [String]) -> [String] {
        let possible = unrecordedPaths.union(staged.map { PathKey($0) }).filter { key in
            index(of: key.path).map { !isPresent($0) } ?? true
        }
        let gone = indices.filter { isUp($0) && !isPresent($0) }.map { PathKey(path($0)) }
        return PathConflicts.names(in: possible.union(gone), beside: new)
    }
}

/// Names that no directory can hold beside each other: `a` and `a/b`.
///
/// A bucket holds both, but neither restore nor `finish` could bring both back, and a directory that
/// serves as a bucket could not even take the second.
enum PathConflicts {
    /// Those of `objects` that lie above or below one of `new`, sorted.
    static func names(in objects: Set<PathKey>, beside new: [String]) -> [String] {
        let names = Set(new.map { PathKey($0) })
        let above = Set(new.flatMap { directories(above: $0) })
        return objects.filter { key in
            above.contains(key) || !names.isDisjoint(with: directories(above: key.path))
        }.map(\.path).sorted()
    }

    private static func directories(above path: String) -> [PathKey] {
        var found: [PathKey] = []
        var directory = parentDirectory(path)
        while directory.contains("/") {
            found.append(PathKey(directory))
            directory = parentDirectory(directory)
        }
        return found
    }
}
