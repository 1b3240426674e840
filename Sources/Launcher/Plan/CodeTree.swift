import Shared

/// The user's code: what of the directory goes to the machine, and what stays.
struct CodeTree: Sendable, Equatable {
    /// Something that stays behind, with all that lies in it.
    struct LeftOut: Sendable, Equatable {
        enum Reason: Sendable, Equatable {
            /// History, caches, environments built for this machine: of no use there.
            case useless
            /// By a line of the file of this name.
            case ignored(by: String)
            /// What `train finish` brought home.
            case collected
            /// A key that is named by another flag.
            case secret
            /// A pipe, a socket, a device.
            case noFile
        }

        var path: String
        var reason: Reason
    }

    let directory: String
    /// Files, links and directories below it, sorted; a directory stands before what it holds.
    private(set) var entries: [String] = []
    /// Files and links alone.
    private(set) var paths: [String] = []
    private(set) var bytes: Int64 = 0
    /// What stays behind, each once.
    private(set) var leftOut: [LeftOut] = []
    /// Links that lead nowhere once they are on another machine.
    private(set) var danglingLinks: [String] = []
    /// Files that look like keys or passwords and travel all the same.
    private(set) var secretLooking: [String] = []
    /// Bytes by the first two parts of the path.
    private var sizes: [String: Int64] = [:]

    /// - Parameter secrets: absolute paths of files that never travel, such as a key.
    /// - Throws: `Failure` with exit code 2 where the path is no directory that can be read.
    init(directory given: String, secrets: [String] = []) throws {
        directory = StoreURL.absolutePath(given)
        guard exists(directory) else {
            throw Failure.usage(
                "--code_path \(quoted(given)) does not exist",
                hint: "give the directory that holds your code")
        }
        guard isDirectory(directory) else {
            throw Failure.usage(
                "--code_path \(quoted(given)) is not a directory",
                hint: "give the directory that holds your code, not a file in it")
        }
        try walk(
            [], secrets: Set(secrets.map(StoreURL.absolutePath)),
            IgnoreFiles(above: directory))
        guard !paths.isEmpty else {
            let ignored = leftOut.contains { if case .ignored = $0.reason { true } else { false } }
            throw Failure.usage(
                "--code_path \(quoted(given)) holds no files"
                    + (ignored ? " but those that \(IgnoreFiles.names[0]) leaves out" : ""))
        }
    }

    /// The largest parts, each with its size; of a file in a directory, the directory.
    func largest(_ count: Int) -> [(path: String, bytes: Int64)] {
        sizes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(count)
            .map { (path: $0.key, bytes: $0.value) }
    }

    /// The reason why a file that the training needs is not there; nil where it is.
    func absence(of file: String) -> LeftOut? {
        leftOut.first { file == $0.path || file.hasPrefix($0.path + "/") }
    }

    private mutating func walk(
        _ parts: [String], secrets: Set<String>, _ outer: IgnoreFiles
    ) throws {
        let place = ([directory] + parts).joined(separator: "/")
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: place) else {
            throw systemFailure("--code_path: cannot read \(quoted(place))", code: EACCES)
        }
        let ignored = outer.adding(place, depth: parts.count)
        for name in names.sorted() {
            var information = stat()
            let full = place + "/" + name
            guard lstat(full, &information) == 0 else { continue }
            let inner = parts + [name]
            let path = inner.joined(separator: "/")
            let kind = information.st_mode & S_IFMT
            if let reason = reason(inner, full, kind, secrets, ignored) {
                leftOut.append(LeftOut(path: path, reason: reason))
                continue
            }
            entries.append(path)
            switch kind {
            case S_IFDIR:
                try walk(inner, secrets: secrets, ignored)
            case S_IFLNK:
                paths.append(path)
                if !leadsInside(full) { danglingLinks.append(path) }
            default:
                paths.append(path)
                add(Int64(information.st_size), inner)
                if SecretLooks.like(name: name, at: full, size: Int64(information.st_size)) {
                    secretLooking.append(path)
                }
            }
        }
    }

    private mutating func add(_ size: Int64, _ parts: [String]) {
        bytes = [bytes, size].byteSum
        let part = parts.prefix(2).joined(separator: "/")
        sizes[part] = [sizes[part] ?? 0, size].byteSum
    }

    private func reason(
        _ parts: [String], _ full: String, _ kind: mode_t, _ secrets: Set<String>,
        _ ignored: IgnoreFiles
    ) -> LeftOut.Reason? {
        let name = parts.last ?? ""
        if CodeByproducts.names.contains(name) || name.hasSuffix(".pyc") { return .useless }
        if secrets.contains(full) { return .secret }
        switch kind {
        case S_IFDIR:
            if exists("\(full)/\(CodeByproducts.environmentMark)") { return .useless }
            // Only `train finish` makes such a folder.
            let isCollected =
                exists("\(full)/\(BucketLayout.manifest)") && isDirectory(full + "/output")
                && isDirectory(full + "/logs")
            if isCollected { return .collected }
        case S_IFREG, S_IFLNK: break
        default: return .noFile
        }
        return ignored.source(ignoring: parts, isDirectory: kind == S_IFDIR)
            .map { .ignored(by: $0) }
    }

    private func leadsInside(_ link: String) -> Bool {
        guard let target = realPath(link), let root = realPath(directory) else { return false }
        return target.hasPrefix(root + "/")
    }
}

/// Tells by name, and of a small JSON file by content, what is probably a key or a password.
enum SecretLooks {
    private static let names: Set<String> = [
        ".env", ".netrc", ".pypirc", "id_rsa", "id_ed25519", "id_ecdsa", "credentials.json",
        "kaggle.json", "service_account.json", "service-account.json",
    ]
    private static let endings = [".pem", ".p12", ".pfx", ".key"]
    /// Shown to others on purpose.
    private static let samples = ["example", "sample", "template", "dist"]
    /// A service account's key has some 2.3 KB.
    private static let largestKey: Int64 = 16_384

    static func like(name: String, at path: String, size: Int64) -> Bool {
        if names.contains(name) || endings.contains(where: name.hasSuffix) { return true }
        if name.hasPrefix(".env."), !samples.contains(where: name.hasSuffix) { return true }
        guard name.hasSuffix(".json"), size <= largestKey,
            let data = try? readRegularFile(path, limit: Int(largestKey))
        else { return false }
        let text = String(decoding: data, as: UTF8.self)
        return text.contains("\"private_key\"") || text.contains("-----BEGIN PRIVATE KEY")
    }
}
