import CPosix

/// A directory of this process's own, readable to this user alone, on a disk.
///
/// What is downloaded gathers there, and a manifest has up to 512 MiB: where TMPDIR or `/tmp` is in
/// memory (tmpfs), `/var/tmp` is taken, which keeps large files (file-hierarchy(7)).
package struct TemporaryDirectory: Sendable {
    package let path: String

    private static let onDisk = "/var/tmp"

    /// - Throws: `Failure` where it cannot be made.
    package init(prefix: String = "train") throws {
        try self.init(
            prefix: prefix, below: ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp",
            isInMemory: { cposix_is_in_memory($0) == 1 })
    }

    /// - Parameters:
    ///   - base: where it is made, if that is a disk.
    ///   - isInMemory: whether a directory's file system is.
    init(prefix: String, below base: String, isInMemory: (String) -> Bool) throws {
        let isElsewhereBetter = isInMemory(base) && access(Self.onDisk, W_OK | X_OK) == 0
        let base = isElsewhereBetter && !isInMemory(Self.onDisk) ? Self.onDisk : base
        var template = Array("\(base)/\(prefix).XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw systemFailure("cannot make a temporary directory in \(quoted(base))")
        }
        path = template.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { String(cString: $0) } ?? ""
        }
    }

    /// Removes it and all it holds; what cannot be removed stays.
    package func remove() { try? FileManager.default.removeItem(atPath: path) }
}
