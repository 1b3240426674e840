import Shared

/// How far a transfer is, how fast, and how long it takes still, in one line.
struct ProgressBar: Sendable {
    let title: String
    let totalFiles: Int
    let totalBytes: Int64

    private static let cells = 24

    /// How far it is.
    struct Progress: Sendable, Equatable {
        var files: Int
        var bytes: Int64
        /// What was there before it began: it counts as done, but not for the rate.
        var startBytes: Int64
        /// Since it began.
        var seconds: Double
    }

    /// With a bar, for a line that is written over.
    func text(_ progress: Progress) -> String {
        let full = Int(share(progress) * Double(Self.cells))
        let bar =
            String(repeating: "█", count: full) + String(repeating: "░", count: Self.cells - full)
        return ([title, bar] + words(progress)).joined(separator: "  ")
    }

    /// Without it, for a line that stays.
    func plainText(_ progress: Progress) -> String {
        ([title] + words(progress)).joined(separator: "  ")
    }

    /// Between 0 and 1.
    private func share(_ progress: Progress) -> Double {
        totalBytes > 0 ? min(1, Double(max(0, progress.bytes)) / Double(totalBytes)) : 1
    }

    private func words(_ progress: Progress) -> [String] {
        let bytes = max(0, progress.bytes)
        var words = [
            "\(Int(share(progress) * 100)) %",
            "\(min(progress.files, totalFiles))/\(counted(totalFiles, "file"))",
            "\(readable(bytes: min(bytes, totalBytes)))/\(readable(bytes: totalBytes))",
        ]
        let moved = bytes - max(0, progress.startBytes)
        if progress.seconds > 1, moved > 0 {
            let rate = Double(moved) / progress.seconds
            words.append("\(readable(bytes: Int64(rate)))/s")
            let left = Double(max(0, totalBytes - bytes)) / rate
            words.append("\(TimeSpan(seconds: left)) left")
        }
        return words
    }
}
