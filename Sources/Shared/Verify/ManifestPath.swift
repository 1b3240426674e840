/// Which names may stand in a manifest, and so become files and objects.
///
/// A manifest comes from a bucket: whoever wrote it may try `../x`, `/etc/x` or a line break.
package enum ManifestPath {
    /// The longest object name that Google, Amazon and Azure all take.
    package static let maximumBytes = 1024

    /// Why `path` is refused; nil where it is fine.
    ///
    /// Line breaks are refused by Google's store; the other control characters would let a name
    /// draw what it likes on a terminal. What `TreeScan` leaves out of every transfer is refused here
    /// too: else it would count as up.
    package static func objection(to path: String) -> String? {
        if path.utf8.count > maximumBytes {
            return "is longer than \(maximumBytes) bytes"
        }
        if path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) {
            return "holds a control character"
        }
        guard RelativePath.isSafe(path) else { return "leads out of its directory" }
        guard BucketLayout.trees.contains(where: { path.utf8.starts(with: "\($0)/".utf8) }) else {
            return "is not below output/, logs/ or stray/"
        }
        let parts = path.utf8.split(separator: UInt8(ascii: "/"))
        guard parts.count - 1 <= TreeScan.mostDepth else {
            return "is more than \(TreeScan.mostDepth) directories deep"
        }
        guard !parts.contains(where: { $0.starts(with: PartialFile.prefix.utf8) }) else {
            return "has a name that begins with \(PartialFile.prefix), as our half-written files do"
        }
        return nil
    }
}
