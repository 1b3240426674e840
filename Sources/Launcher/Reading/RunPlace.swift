import Shared

/// One place that holds a run's files, each under its name in the bucket (`BucketLayout`).
///
/// Whatever the place, the same offset of the same file is the same byte: a reader can change from one
/// to the other in mid-line. A place may be behind another.
protocol RunPlace: Sendable {
    /// What answers now.
    var kind: SourceKind { get }
    /// The bytes of a file in `range`, fewer where it ends earlier; none where there is no such file.
    ///
    /// - Throws: `Failure` where the place does not answer.
    func read(_ path: String, _ range: Range<Int64>) async throws -> Data
    /// The size of a file in bytes; 0 if there is none.
    ///
    /// - Throws: `Failure` where the place does not answer.
    func size(of path: String) async throws -> Int64
    /// The files below a tree such as `logs`, each by its name there; none where there is no such tree.
    ///
    /// - Throws: `Failure` where the place does not answer.
    func list(_ tree: String) async throws -> [ListedFile]
    /// Returns when it is worth looking for more.
    ///
    /// - Throws: `CancellationError` where the task is cancelled.
    func pause() async throws
}

/// A file of a tree and its size in bytes.
struct ListedFile: Sendable, Equatable {
    /// Below the tree; hostile, see `RelativePath`.
    var path: String
    var size: Int64

    /// The regular files below a directory of this computer; links are not followed out of it.
    ///
    /// - Throws: `Failure` where it cannot be read.
    static func all(below directory: String) throws -> [ListedFile] {
        guard isDirectory(directory) else { return [] }
        return try TreeScan(of: directory).files.map { ListedFile(path: $0.path, size: $0.size) }
    }
}

/// Where an answer came from, also in `--json`.
enum SourceKind: String, Codable, Sendable {
    /// The machine itself, over SSH.
    case ssh
    /// The machine itself, which is this computer.
    case machine
    case bucket
    /// What `train finish` brought.
    case folder

    /// To follow "seen" or "read".
    var words: String {
        switch self {
        case .ssh: "over SSH"
        case .machine: "on this computer"
        case .bucket: "in the bucket"
        case .folder: "in the collected folder"
        }
    }
}

extension RunPlace {
    /// A whole document, such as the status; nil if there is none.
    ///
    /// - Throws: `Failure` where the place does not answer, or it is larger than `limit`.
    func document(_ path: String, limit: Int = JSONFormat.maximumBytes) async throws -> Data? {
        let data = try await read(path, 0..<Int64(limit) + 1)
        guard data.count <= limit else {
            throw Failure("\(quoted(path)) is larger than \(limit) bytes")
        }
        return data.isEmpty ? nil : data
    }

    /// The agent's status; nil before it has written one.
    ///
    /// - Throws: `Failure` where the place does not answer, or the status does not read.
    func status() async throws -> RunStatus? {
        guard let data = try await document(BucketLayout.status) else { return nil }
        return try JSONFormat.decode(RunStatus.self, from: data, name: BucketLayout.status)
    }
}

/// What `train finish` brought: nothing is added to it any more.
struct FolderSource: RunPlace {
    let directory: String

    var kind: SourceKind { .folder }

    func read(_ path: String, _ range: Range<Int64>) async throws -> Data {
        try FileRange.read(range, of: "\(directory)/\(path)") ?? Data()
    }

    func size(of path: String) async throws -> Int64 {
        try FileRange.size(of: "\(directory)/\(path)")
    }

    func list(_ tree: String) async throws -> [ListedFile] {
        try ListedFile.all(below: "\(directory)/\(tree)")
    }

    func pause() async throws { try Task.checkCancellation() }
}

/// The run's bucket, as new as its last sync.
struct BucketSource: RunPlace {
    let client: StoreClient
    let clock: any Clock<Duration>
    /// Between two looks; a sync is the soonest that anything changes.
    let interval: Duration

    var kind: SourceKind { .bucket }

    func read(_ path: String, _ range: Range<Int64>) async throws -> Data {
        try await client.read(path, range) ?? Data()
    }

    func size(of path: String) async throws -> Int64 {
        let name = fileName(of: path)
        return try await client.list(parentDirectory(path)).first { $0.path == name }?.size ?? 0
    }

    func list(_ tree: String) async throws -> [ListedFile] {
        try await client.list(tree).map { ListedFile(path: $0.path, size: $0.size) }
    }

    func pause() async throws { try await clock.sleep(for: interval) }
}

/// The machine itself.
struct MachineSource: RunPlace {
    let connection: any MachineConnection
    /// Where the files are there.
    let directories: Job.Directories
    let kind: SourceKind
    let clock: any Clock<Duration>

    /// Soon enough to look live; each look is a process on a training machine where it is over SSH.
    private var interval: Duration { kind == .machine ? .milliseconds(200) : .seconds(1) }

    func read(_ path: String, _ range: Range<Int64>) async throws -> Data {
        try await connection.read(place(of: path), range)
    }

    func size(of path: String) async throws -> Int64 {
        try await connection.size(of: place(of: path))
    }

    func list(_ tree: String) async throws -> [ListedFile] {
        try await connection.list(String(place(of: tree + "/").dropLast()))
    }

    func pause() async throws { try await clock.sleep(for: interval) }

    private func place(of path: String) -> String {
        let trees = [
            (BucketLayout.logs, directories.logs), (BucketLayout.output, directories.output),
            (BucketLayout.run, WorkDirectory(directories.work).run),
        ]
        for (tree, directory) in trees where path.hasPrefix(tree + "/") {
            return directory + path.dropFirst(tree.count)
        }
        return "\(directories.work)/\(path)"
    }
}
