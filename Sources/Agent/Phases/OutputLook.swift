import Shared

/// What the output directory says of how far a training has come.
struct OutputLook: Sendable, Equatable {
    /// The highest number of a checkpoint that is whole: a step, or an epoch where no name tells one.
    var checkpoint: Int64?
    /// Something was written since the given moment, or nobody can tell.
    var hasNew = false

    /// - Parameters:
    ///   - since: when the attempt began; nil where that is not known.
    ///   - incomplete: paths below the directory that were being written when their writer died.
    init(_ directory: String, since: Date?, incomplete: [String]) {
        guard let scan = try? TreeScan(of: directory) else {
            hasNew = true
            return
        }
        hasNew = since == nil
        // A file's time comes from a clock that ticks every few milliseconds.
        let begin = (since?.timeIntervalSince1970 ?? 0) - 0.05
        for file in scan.files {
            var information = stat()
            if !hasNew, stat(file.source, &information) == 0 {
                let time = information.modificationTime
                hasNew = Double(time.tv_sec) + Double(time.tv_nsec) / 1e9 >= begin
            }
            guard let found = CheckpointName(file.path), found.number > checkpoint ?? -1,
                !incomplete.contains(where: { found.holds($0) })
            else { continue }
            checkpoint = found.number
        }
    }
}
