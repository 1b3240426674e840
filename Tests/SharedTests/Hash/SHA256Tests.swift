import Shared
import Testing

@Suite struct SHA256Tests {
    /// From NIST's examples for FIPS 180-4, and sha256sum(1) for the long one.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            String(repeating: "a", count: 1_000_000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
    ])
    func `known digests`(text: String, hex: String) {
        #expect(SHA256.hex(Array(text.utf8)) == hex)
    }

    @Test func `pieces give the same as the whole`() throws {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for size in [1, 3, 55, 56, 63, 64, 65, 128, 999] {
            var digest = SHA256()
            var rest = bytes[...]
            while !rest.isEmpty {
                digest.update(rest.prefix(size))
                rest = rest.dropFirst(size)
            }
            #expect(digest.finish() == SHA256.hash(bytes))
        }
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try AtomicFile.write(Data(bytes), to: directory.path + "/f")
        #expect(try SHA256.hex(ofFile: directory.path + "/f") == SHA256.hex(bytes))
    }
}
