import Shared
import Testing

@Suite struct ByteSizeTests {
    @Test(
        arguments: [
            ("0", 0), ("12", 12), ("5GB", 5_000_000_000), ("5 gb", 5_000_000_000),
            ("1.5MB", 1_500_000),
            ("2GiB", 2_147_483_648), ("3k", 3000), ("1TB", 1_000_000_000_000),
        ] as [(String, Int64)])
    func `sizes are read`(text: String, bytes: Int64) {
        #expect(ByteSize(text)?.bytes == bytes)
    }

    @Test(arguments: [
        "", "GB", "-1", "5XB", "5GBB", "1e9", "9999999999GB", "5 G B", "nan", "1.2.3",
    ])
    func `what is no size is refused`(text: String) { #expect(ByteSize(text) == nil) }

    @Test(arguments: ["0", "5GB", "1.5MB", "120GB"]) func `what is printed is read again`(
        text: String
    ) {
        #expect(ByteSize(text)?.description == text)
    }
}
