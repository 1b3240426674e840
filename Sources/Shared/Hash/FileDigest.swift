/// The hashes of a file, taken together in one reading.
package struct FileDigest: Sendable {
    private var checksum = CRC32C()
    private var tag: MD5Tag?

    /// - Parameter md5: also the MD5 of this kind, which costs several times what the CRC32C does.
    package init(md5 kind: MD5Tag.Kind?) { tag = kind.map { MD5Tag($0) } }

    /// Of all bytes so far.
    package var crc32c: UInt32 { checksum.value }
    /// The same; nil where none was asked for.
    package var md5: MD5.Digest? { tag?.digest }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        checksum.update(bytes)
        tag?.update(bytes)
    }

    /// Of what follows in an open file, `path` is for the error alone.
    ///
    /// - Throws: `Failure` naming the path.
    package static func ofFile(
        descriptor: Int32, path: String, md5: MD5Tag.Kind?
    ) throws -> FileDigest {
        var digest = FileDigest(md5: md5)
        try forEachPiece(of: descriptor, path: path) { digest.update($0) }
        return digest
    }
}
