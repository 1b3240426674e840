import Shared

/// Reads the curves of a run again and again, wherever its files are.
struct CurveReader: Sendable {
    private var reader: ScalarReader
    /// Of a run whose files are not on this computer.
    private let mirror: FileMirror?

    /// - Throws: `Failure` where there is no place for a copy.
    init(_ run: ReadableRun) throws {
        if let root = run.localRoot {
            mirror = nil
            reader = Self.reader(below: root)
        } else {
            let mirror = FileMirror(
                source: run.source, directory: try run.mirrorDirectory(), wants: Self.isWanted)
            self.mirror = mirror
            reader = Self.reader(below: mirror.directory)
        }
    }

    private static func reader(below root: String) -> ScalarReader {
        ScalarReader(
            logs: "\(root)/\(BucketLayout.logs)", output: "\(root)/\(BucketLayout.output)",
            capacity: 512)
    }

    /// A log larger than this is not fetched for a few curves.
    private static let mostLogBytes: Int64 = 64 << 20

    private static func isWanted(_ file: ListedFile) -> Bool {
        let name = fileName(of: file.path)
        if name == BucketLayout.trainLog { return file.size <= mostLogBytes }
        return FileMirror.isEventFile(file.path)
            || [BucketLayout.metrics, BucketLayout.observer, "metrics.csv", "results.csv"]
                .contains(name)
    }

    /// - Throws: `Failure` where the source does not answer.
    mutating func read() async throws -> CurvePane {
        if let mirror { _ = try await mirror.update() }
        var reader = reader
        let (read, pane) = await offTaskThreads { [reader] in
            var reader = reader
            reader.read()
            return (reader, CurvePane(reader.series))
        }
        reader = read
        self.reader = reader
        return pane
    }
}
