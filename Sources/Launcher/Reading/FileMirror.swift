import Shared

/// A copy of some files of a run on this computer, kept up to date by what is new in each.
///
/// TensorBoard never reads a bucket itself: it would list and read all of it again and again.
struct FileMirror: Sendable {
    let source: any RunPlace
    /// Below it the files lie under their names in the bucket.
    let directory: String
    /// Which files; their paths are below `logs` or `output`.
    var wants: @Sendable (ListedFile) -> Bool = { FileMirror.isEventFile($0.path) }

    private static let trees = [BucketLayout.logs, BucketLayout.output]
    private static let pieceBytes: Int64 = 8 << 20
    /// More than a training of months writes; a hostile listing must not fill the disk with names.
    private static let mostFiles = 20_000

    /// The files that TensorBoard reads have this in their names (its own rule).
    static func isEventFile(_ path: String) -> Bool {
        fileName(of: path).contains("tfevents")
            && !path.hasSuffix(BucketLayout.partialSuffix)
    }

    /// Brings what is new.
    ///
    /// - Returns: how many bytes came.
    /// - Throws: `Failure` where the source does not answer, or the disk takes no more.
    func update() async throws -> Int64 {
        var bytes: Int64 = 0
        for tree in Self.trees {
            let files = try await source.list(tree).filter(wants)
            for file in files.prefix(Self.mostFiles) where RelativePath.isSafe(file.path) {
                bytes += try await update("\(tree)/\(file.path)", size: file.size)
            }
        }
        return bytes
    }

    /// The directories that hold something, by name.
    func places() -> [(name: String, path: String)] {
        Self.trees.map { (name: $0, path: "\(directory)/\($0)") }.filter { isDirectory($0.path) }
    }

    private func update(_ path: String, size: Int64) async throws -> Int64 {
        let target = "\(directory)/\(path)"
        var here = try FileRange.size(of: target)
        // Event files only grow: a shorter one is another one.
        if here > size {
            unlink(target)
            here = 0
        }
        let start = here
        while here < size {
            let piece = try await source.read(path, here..<min(size, here + Self.pieceBytes))
            guard !piece.isEmpty else { break }
            try makeDirectories(parentDirectory(target), mode: 0o700)
            try append(piece, to: target)
            here += Int64(piece.count)
        }
        return here - start
    }

    private func append(_ data: Data, to path: String) throws {
        let descriptor = open(
            path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw systemFailure("cannot write \(quoted(path))") }
        defer { close(descriptor) }
        try AtomicFile.writeAll(data, to: descriptor, path: path)
    }
}
