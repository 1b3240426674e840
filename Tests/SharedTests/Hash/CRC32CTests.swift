import CPosix
import Shared
import Testing

@Suite struct CRC32CTests {
    /// RFC 3720, appendix B.4, and the customary check value.
    static let known: [([UInt8], UInt32)] = [
        (Array("123456789".utf8), 0xe306_9283),
        (Array(repeating: 0, count: 32), 0x8a91_36aa),
        (Array(repeating: 0xff, count: 32), 0x62a8_ab43),
        (Array(0..<32), 0x46dd_794e),
        (Array((0..<32).reversed()), 0x113f_db5c),
        ([], 0),
    ]

    @Test(arguments: known) func `agrees with the published values`(
        bytes: [UInt8], expected: UInt32
    ) {
        #expect(CRC32C.of(bytes) == expected)
        #expect(cposix_crc32c_portable(0, bytes, bytes.count) == expected)
    }

    @Test func `goes on where it was, at any place and alignment`() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let whole = CRC32C.of(bytes)
        for cut in 0...64 {
            var checksum = CRC32C()
            bytes[..<cut].withUnsafeBytes { checksum.update($0) }
            bytes[cut...].withUnsafeBytes { checksum.update($0) }
            #expect(checksum.value == whole)
            let tail = Array(bytes[cut...])
            #expect(CRC32C.of(tail) == cposix_crc32c_portable(0, tail, tail.count))
        }
    }

    @Test func `of a file is that of its bytes`() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let bytes = (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 >> 3) }
        let path = directory.path + "/file"
        try AtomicFile.write(Data(bytes), to: path)
        #expect(try CRC32C.ofFile(path) == CRC32C.of(bytes))
    }

    @Test func `of a file that is not there names it`() {
        let failure = #expect(throws: Failure.self) { try CRC32C.ofFile("/nowhere/x") }
        #expect(failure?.summary == "cannot read '/nowhere/x': No such file or directory")
    }

    @Test(arguments: [("4waSgw==", 0xe306_9283 as UInt32?), ("AAAA", nil), ("?", nil)])
    func `reads what Google's tools print`(text: String, expected: UInt32?) {
        #expect(CRC32C.decode(base64: text) == expected)
    }
}
