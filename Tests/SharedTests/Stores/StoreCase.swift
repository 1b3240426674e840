import Shared
import TestSupport
import Testing

/// A store with a tool: each behaviour of `StoreBehaviourTests` is asked of every one of these.
struct StoreCase: Sendable, CustomTestStringConvertible {
    let scheme: String
    let tool: String?
    let kind: Emulator.Kind?
    let programs: [String]

    var testDescription: String { "\(scheme):// by \(tool ?? "our own copying")" }

    static let all = [
        StoreCase(scheme: "file", tool: nil, kind: nil, programs: []),
        StoreCase(scheme: "gs", tool: "gsutil", kind: .google, programs: ["gsutil"]),
        StoreCase(scheme: "gs", tool: "gcloud", kind: .google, programs: ["gcloud", "gsutil"]),
        StoreCase(scheme: "gs", tool: "rclone", kind: .google, programs: ["rclone"]),
        StoreCase(scheme: "s3", tool: "aws", kind: .amazon, programs: ["aws"]),
        StoreCase(scheme: "s3", tool: "rclone", kind: .amazon, programs: ["rclone"]),
        StoreCase(scheme: "az", tool: "rclone", kind: .azure, programs: ["rclone"]),
    ]

    /// Those that can run here; `whatIsMissing` tells of the others.
    /// gcloud starts slowest and takes the same road as gsutil: only where time is no matter.
    static let here = all.filter { one in
        one.missing.isEmpty && (one.tool != "gcloud" || isSlowWelcome)
    }
    /// Set TRAIN_SLOW_TESTS for all there is.
    static let isSlowWelcome = ProcessInfo.processInfo.environment["TRAIN_SLOW_TESTS"] != nil
    static let isInCI = ProcessInfo.processInfo.environment["CI"] != nil
    /// Those that are asked for volume.
    static let volume =
        isSlowWelcome ? here : here.filter { $0.scheme == "gs" && $0.tool == "gsutil" }
    static let remote = here.filter { $0.kind != nil }
    static let google = here.filter { $0.scheme == "gs" }

    /// Cases that are skipped on this machine, each with its reason.
    static let whatIsMissing = all.flatMap { one in
        one.missing.map { "\(one.testDescription): \($0) is not installed" }
    }

    var missing: [String] {
        let emulator = kind.map { Emulator.canRun($0) ? [] : ["python3 or moto"] } ?? []
        return programs.filter { !isInstalled($0) } + emulator
    }

    /// A client of an empty bucket, and of a prefix in it.
    func client(
        in root: String, emulator own: Emulator? = nil, bucket: String? = nil, key: String? = nil,
        stallTimeout: Duration = .seconds(60), environment: [String: String?] = [:],
        through wrap: (any CommandRunner) -> any CommandRunner = { $0 }
    ) async throws -> StoreClient {
        guard let kind else {
            return try StoreClient(
                url: StoreURL(parsing: "\(root)/\(bucket ?? "bucket")/some/prefix"),
                runner: wrap(PosixRunner()), stallTimeout: stallTimeout)
        }
        let emulator: Emulator
        if let own { emulator = own } else { emulator = try await Emulator.shared(kind) }
        let name: String
        if let bucket { name = bucket } else { name = try await emulator.makeBucket() }
        return try StoreClient(
            url: url(bucket: name), access: emulator.access(tool: tool, key: key),
            runner: wrap(emulator.runner(adding: environment)), stallTimeout: stallTimeout)
    }

    func url(bucket: String) throws -> StoreURL {
        try StoreURL(
            parsing: scheme == "az"
                ? "az://devstoreaccount1/\(bucket)/some/prefix"
                : "\(scheme)://\(bucket)/some/prefix")
    }
}

/// A scratch directory with the files a test needs.
struct Scratch: ~Copyable {
    private let directory: TemporaryDirectory
    var path: String { directory.path }

    init() throws { directory = try TemporaryDirectory(prefix: "store test [x]") }

    deinit { directory.remove() }

    /// Writes `files` below `name`; returns its path.
    @discardableResult
    func tree(_ name: String, _ files: [String: String]) throws -> String {
        for (path, text) in files {
            let file = "\(self.path)/\(name)/\(path)"
            try makeDirectories(parentDirectory(file))
            try AtomicFile.write(Data(text.utf8), to: file)
        }
        return "\(path)/\(name)"
    }

    /// All files below `name`, with what is in them.
    func contents(_ name: String) throws -> [String: String] {
        let files = try contentsByBytes(name)
        return Dictionary(uniqueKeysWithValues: files.map { ($0.key.path, $0.value) })
    }

    /// The same, where two names can be equal to Unicode.
    func contentsByBytes(_ name: String) throws -> [PathKey: String] {
        let files = try TreeScan(of: "\(path)/\(name)").files
        return try Dictionary(
            uniqueKeysWithValues: files.map {
                (PathKey($0.path), String(decoding: try readFile($0.source), as: UTF8.self))
            })
    }
}

/// Gives a file the time of another, which a change within one tick of the clock has.
func copyTime(from source: String, to target: String) {
    var information = stat()
    stat(source, &information)
    #if canImport(Darwin)
        let times = [information.st_mtimespec, information.st_mtimespec]
    #else
        let times = [information.st_mtim, information.st_mtim]
    #endif
    utimensat(AT_FDCWD, target, times, 0)
}
