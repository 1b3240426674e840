/// One way in which a directory or a bucket is not what a manifest says.
package struct Difference: Sendable, Equatable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        case missing
        /// Something of that name is there that is not a file: a directory, a link.
        case notAFile
        case size(expected: Int64, found: Int64)
        case crc32c(expected: UInt32, found: UInt32)
        /// The store's own hash, where it lists no CRC32C.
        case md5(expected: MD5.Digest, found: MD5.Digest)
        /// The manifest names what no file may be called; nothing was looked at.
        case refused(String)
        case unreadable(String)
    }

    /// As in the manifest.
    package var path: String
    package var kind: Kind

    package init(path: String, kind: Kind) {
        self.path = path
        self.kind = kind
    }

    package var description: String {
        let reason =
            switch kind {
            case .missing: "is missing"
            case .notAFile: "is not a file"
            case .size(let expected, let found): "has \(found) bytes, not \(expected)"
            case .crc32c: "differs in content"
            case .md5: "differs in content"
            case .refused(let objection): objection
            case .unreadable(let error): "cannot be read: \(error)"
            }
        return "\(quoted(path)) \(reason)"
    }
}
