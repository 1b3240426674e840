import Shared
import TestSupport
import Testing

@Suite struct MD5Tests {
    /// RFC 1321, appendix A.5.
    static let known = [
        ("", "d41d8cd98f00b204e9800998ecf8427e"),
        ("a", "0cc175b9c0f1b6a831c399e269772661"),
        ("abc", "900150983cd24fb0d6963f7d28e17f72"),
        ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
        (
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
            "d174ab98d277d9f5a5611c2c9f419d9f"
        ),
        (
            String(repeating: "1234567890", count: 8),
            "57edf4a22be3c955ac49da2e2107b67a"
        ),
    ]

    @Test(arguments: known) func `agrees with the published values`(text: String, hex: String) {
        #expect(MD5.of(Data(text.utf8)).description == hex)
    }

    @Test func `goes on where it was, at any place`() {
        let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for cut in 0...bytes.count {
            var hash = MD5()
            bytes[..<cut].withUnsafeBytes { hash.update($0) }
            _ = hash.digest
            bytes[cut...].withUnsafeBytes { hash.update($0) }
            #expect(hash.digest == MD5.of(bytes))
        }
    }

    /// Each length around the ends of blocks, and more than one piece of a file's reading.
    @Test(.enabled(if: isInstalled("md5sum"), "md5sum is not installed"))
    func `of a file is what md5sum says, beside the CRC32C of the same reading`() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        var expected: [String: (md5: String, crc32c: UInt32)] = [:]
        for size in Array(54...66) + Array(118...130) + [1 << 20, (1 << 20) + 1, 3_000_001] {
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 3) }
            let path = "\(directory.path)/\(size)"
            try AtomicFile.write(Data(bytes), to: path)
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            defer { close(descriptor) }
            let digest = try FileDigest.ofFile(descriptor: descriptor, path: path, md5: .whole)
            #expect(digest.crc32c == CRC32C.of(bytes))
            expected[path] = (try #require(digest.md5).description, digest.crc32c)
        }
        let result = try await PosixRunner().run(Command("md5sum", Array(expected.keys)))
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == expected.count)
        for line in lines {
            #expect(expected[String(line.dropFirst(34))]?.md5 == String(line.prefix(32)))
        }
    }

    @Test(arguments: [
        ("900150983cd24fb0d6963f7d28e17f72", true), ("900150983CD24FB0D6963F7D28E17F72", true),
        ("900150983cd24fb0d6963f7d28e17f72-2", false), ("900150983cd24fb0d6963f7d28e17f7", false),
        ("g00150983cd24fb0d6963f7d28e17f72", false), ("", false),
    ])
    func `reads 32 digits and nothing else`(tag: String, isMD5: Bool) {
        #expect(MD5.Digest(hex: tag) == (isMD5 ? MD5.of(Data("abc".utf8)) : nil))
    }

    @Test func `reads what Google's tools print`() {
        #expect(MD5.Digest(base64: "kAFQmDzST7DWlj99KOF/cg==") == MD5.of(Data("abc".utf8)))
        #expect(MD5.Digest(base64: "4waSgw==") == nil)
    }
}
