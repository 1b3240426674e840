import Shared

/// The line of a transfer: how far, how fast, how long still.
struct ProgressBar: Sendable {
    let title: String
    let totalFiles: Int
    let totalBytes: Int64

    private static let cells = 24

    /// - Parameter seconds: since the transfer began; what was there before it counts for `done`
    ///   but not for the rate.
    func text(files: Int, bytes: Int64, startBytes: Int64, seconds: Double) -> String {
        let share = totalBytes > 0 ? min(1, Double(bytes) / Double(totalBytes)) : 1
        let full = Int(share * Double(Self.cells))
        let bar =
            String(repeating: "█", count: full) + String(repeating: "░", count: Self.cells - full)
        var words = [
            title, bar, "\(Int(share * 100)) %",
            "\(min(files, totalFiles))/\(counted(totalFiles, "file"))",
            "\(readable(bytes: min(bytes, totalBytes)))/\(readable(bytes: totalBytes))",
        ]
        let moved = bytes - startBytes
        if seconds > 1, moved > 0 {
            let rate = Double(moved) / seconds
            words.append("\(readable(bytes: Int64(rate)))/s")
            let left = Double(max(0, totalBytes - bytes)) / rate
            words.append("\(TimeSpan(seconds: left)) left")
        }
        return words.joined(separator: "  ")
    }
}
