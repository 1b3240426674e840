/// One line of a log, or one state of a progress bar that was drawn over.
struct LogLine {
    let bytes: ArraySlice<UInt8>
    var scalars: [(name: String, value: Double)] = []
    /// Where the scalars belong; nil: where the log stood before.
    var step: Int64?

    /// What no scalar is, though a number follows its name.
    private static let noScalars: Set<String> = [
        "gpu", "rank", "seed", "port", "pid", "line", "version", "v_num", "epoch", "step", "total",
        "world_size", "local_rank", "node",
    ]
    static let mostScalars = 64
    static let longestName = 100

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    mutating func add(_ name: String, _ value: Double) {
        guard !name.isEmpty, name.utf8.count <= Self.longestName,
            scalars.count < Self.mostScalars, !Self.noScalars.contains(name.lowercased())
        else { return }
        scalars.append((name, value))
    }

    func contains(_ text: String) -> Bool { ByteScanner(bytes).find(text) != nil }
}
