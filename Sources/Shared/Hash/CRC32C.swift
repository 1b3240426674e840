import CPosix

/// CRC32C (Castagnoli), as Google's store lists it for every object.
///
/// Against accidents, not against forgery. Several GB/s where the processor has the instruction.
package struct CRC32C: Sendable {
    /// Of all bytes so far; 0 for none.
    package private(set) var value: UInt32 = 0

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        value = cposix_crc32c(value, base, bytes.count)
    }

    package static func of(_ bytes: some ContiguousBytes) -> UInt32 {
        var checksum = CRC32C()
        bytes.withUnsafeBytes { checksum.update($0) }
        return checksum.value
    }

    /// Of a whole regular file, read in pieces of 1 MiB.
    ///
    /// - Throws: `Failure` naming the path.
    package static func ofFile(_ path: String) throws -> UInt32 {
        try withRegularFile(path) { descriptor, _ in
            try ofFile(descriptor: descriptor, path: path)
        }
    }

    /// Of what follows in an open file; `path` is for the error alone.
    package static func ofFile(descriptor: Int32, path: String) throws -> UInt32 {
        try FileDigest.ofFile(descriptor: descriptor, path: path, md5: nil).crc32c
    }

    /// Four bytes, big-endian, in base64: how Google's tools print it.
    package static func decode(base64 text: String) -> UInt32? {
        guard let data = Data(base64Encoded: text), data.count == 4 else { return nil }
        return data.reduce(0) { $0 << 8 | UInt32($1) }
    }
}
