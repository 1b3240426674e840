/// A directory of this process's own, readable to this user alone, below TMPDIR.
package struct TemporaryDirectory: Sendable {
    package let path: String

    /// - Throws: `Failure` where it cannot be made.
    package init(prefix: String = "train") throws {
        let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
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
