import CPosix

/// MD5 (RFC 1321), as S3 lists it for an object of one part, and Azure for a blob that came with it.
///
/// Only where a store lists no CRC32C. Against accidents, not against forgery. About 600 MB/s.
package struct MD5: Sendable {
    private var context = cposix_md5()

    package init() { cposix_md5_start(&context) }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        cposix_md5_update(&context, base, bytes.count)
    }

    /// Of all bytes so far; more may follow.
    package var digest: Digest {
        var copy = context
        var bytes = [UInt8](repeating: 0, count: 16)
        cposix_md5_finish(&copy, &bytes)
        return Digest(bytes)
    }

    package static func of(_ bytes: some ContiguousBytes) -> Digest {
        var hash = MD5()
        bytes.withUnsafeBytes { hash.update($0) }
        return hash.digest
    }

    /// Sixteen bytes, without an allocation: a table of 100,000 files holds one for each.
    package struct Digest: Sendable, Hashable, CustomStringConvertible {
        private var first: UInt32 = 0
        private var second: UInt32 = 0
        private var third: UInt32 = 0
        private var fourth: UInt32 = 0

        /// - Parameter bytes: sixteen of them.
        fileprivate init(_ bytes: [UInt8]) {
            for byte in bytes { append(UInt32(byte), bits: 8) }
        }

        /// Reads 32 hex digits; nil for anything else.
        package init?(hex text: String) {
            guard text.utf8.count == 32 else { return nil }
            for byte in text.utf8 {
                switch byte {
                case 0x30...0x39: append(UInt32(byte) - 0x30, bits: 4)
                case 0x41...0x46: append(UInt32(byte) - 0x41 + 10, bits: 4)
                case 0x61...0x66: append(UInt32(byte) - 0x61 + 10, bits: 4)
                default: return nil
                }
            }
        }

        /// Reads sixteen bytes in base64, as Google's tools print them.
        package init?(base64 text: String) {
            guard let data = Data(base64Encoded: text), data.count == 16 else { return nil }
            for byte in data { append(UInt32(byte), bits: 8) }
        }

        /// Shifts all 128 bits to the left and fills in.
        private mutating func append(_ value: UInt32, bits: UInt32) {
            first = first << bits | second >> (32 - bits)
            second = second << bits | third >> (32 - bits)
            third = third << bits | fourth >> (32 - bits)
            fourth = fourth << bits | value
        }

        /// The sixteen.
        var bytes: [UInt8] {
            var rest = self
            var bytes: [UInt8] = []
            for _ in 0..<16 {
                bytes.append(UInt8(truncatingIfNeeded: rest.first >> 24))
                rest.append(0, bits: 8)
            }
            return bytes
        }

        /// As 32 lower-case hex digits.
        package var description: String { SHA256.hex(digest: bytes) }
    }
}
