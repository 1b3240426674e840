import Shared

/// Files that a dead or still running writer left incomplete, and the `.partial` objects of them.
///
/// An incomplete version never replaces the object of its own name. It counts as incomplete until
/// the file changes again.
struct PartialUploads {
    /// Whether a version goes up beside its name.
    enum State {
        /// Nothing is known against it.
        case unaffected
        case toUpload
        case uploaded
    }

    private let trees: SyncedTrees
    /// Versions left incomplete, by path.
    private var incomplete: [PathKey: FileVersion] = [:]
    /// The object of each file that has one, and the version in it.
    private var uploaded: [PathKey: (name: String, version: FileVersion)] = [:]
    /// All `.partial` objects, also those of former agents.
    private(set) var names: [String] = []

    /// The longest name of a file on the disks that people have.
    private static let longestName = 255

    init(trees: SyncedTrees) { self.trees = trees }

    var isEmpty: Bool { incomplete.isEmpty }
    /// For the ledger's file.
    var entries: [LedgerFile.Entry] {
        incomplete.map { .halfWritten($0.key.path, $0.value) }
    }

    /// Notes that this version is incomplete.
    mutating func markIncomplete(_ path: String, _ version: FileVersion) {
        incomplete[PathKey(path)] = version
    }

    /// Says how the version of the file that is there now goes up, and forgets that it was
    /// incomplete once it has been written to again.
    mutating func state(of path: String, _ version: FileVersion) -> State {
        let key = PathKey(path)
        guard let death = incomplete[key], death.isSameContent(as: version) else {
            incomplete[key] = nil
            return .unaffected
        }
        let isUp = uploaded[key]?.version.isSameContent(as: version) ?? false
        return isUp ? .uploaded : .toUpload
    }

    /// Whether exactly this version is up as a `.partial` object.
    func holds(_ path: String, _ version: FileVersion) -> Bool {
        uploaded[PathKey(path)]?.version == version
    }

    /// Whether any version of the file is up as a `.partial` object.
    func holds(_ path: String) -> Bool { uploaded[PathKey(path)] != nil }

    /// Notes that `origin` is up as `name`, which is its own name once the file is whole.
    mutating func recordUploaded(
        _ name: String, of origin: String, _ version: FileVersion, isPartial: Bool
    ) {
        if isPartial {
            uploaded[PathKey(origin)] = (name, version)
            addName(name)
        } else if let torn = incomplete[PathKey(origin)], !torn.isSameContent(as: version) {
            // An earlier version is up, copied before the writer of this one left it incomplete.
        } else if let former = uploaded.removeValue(forKey: PathKey(origin)) {
            // The whole file is up: its incomplete predecessor is no news any more.
            names.removeAll { $0 == former.name }
        }
    }

    /// Takes an object that the ledger's file names; it is a `.partial` one if no file is called so.
    mutating func recordLoaded(_ path: String) {
        if path.hasSuffix(BucketLayout.partialSuffix), !exists(trees.source(of: path)) {
            addName(path)
        }
    }

    /// Forgets that these objects are in the bucket.
    mutating func recordMissing(_ objects: Set<String>) {
        uploaded = uploaded.filter { !objects.contains($0.value.name) }
    }

    /// Forgets these objects, which were deleted.
    mutating func recordDeleted(_ objects: [String]) {
        names.removeAll { objects.contains($0) }
    }

    private mutating func addName(_ name: String) {
        if !names.contains(name) { names.append(name) }
    }

    /// `NAME.partial`, or with a number where the trainer has a file of that name.
    func name(for path: String) -> String {
        if let former = uploaded[PathKey(path)] { return former.name }
        var suffix = BucketLayout.partialSuffix
        var number = 2
        while true {
            let name = Self.fitted(path, suffix: suffix)
            if !exists(trees.source(of: name)) { return name }
            suffix = BucketLayout.partialSuffix + ".\(number)"
            number += 1
        }
    }

    /// `path` with `suffix`. Where that exceeds what a name or an object may have, the end of the
    /// name gives way to its digest, so that two such names stay two.
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
