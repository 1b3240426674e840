import Shared
import TestSupport
import Testing

/// The tags of S3 against what the real aws makes of files around its threshold for parts.
@Suite struct S3TagTests {
    @Test(
        .enabled(
            if: Emulator.canRun(.amazon) && isInstalled("aws"), "aws or its emulator is not here"))
    func `what aws uploads in parts is listed with the tag that we compute`() async throws {
        let store = try #require(StoreCase.all.first { $0.tool == "aws" })
        let scratch = try Scratch()
        let client = try await store.client(in: scratch.path)
        try makeDirectories(scratch.path + "/source")
        var expected: [String: MD5.Digest] = [:]
        let part = 8 << 20
        for size in [0, 1, part - 1, part, part + 1, 2 * part, 2 * part + 5] {
            let words = (0...(size / 4)).map { UInt32(truncatingIfNeeded: $0 &* 2_654_435_761) }
            let data = words.withUnsafeBytes { Data($0.prefix(size)) }
            let path = "\(scratch.path)/source/\(size)"
            try AtomicFile.write(data, to: path)
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            defer { close(descriptor) }
            expected["\(size)"] =
                try FileDigest.ofFile(
                    descriptor: descriptor, path: path, md5: client.store.traits.listedMD5
                ).md5
        }
        try await client.upload(tree: scratch.path + "/source", known: 0)
        let listed = try await client.list()
        #expect(listed.count == 7)
        for object in listed { #expect(object.md5 == expected[object.path], "\(object.path)") }
    }

    /// What other programs put there tells nothing, rather than something wrong.
    @Test(arguments: [
        (8 << 20, "900150983cd24fb0d6963f7d28e17f72", false),
        (8 << 20, "900150983cd24fb0d6963f7d28e17f72-1", true),
        (8 << 20, "900150983cd24fb0d6963f7d28e17f72-2", false),
        (20 << 20, "900150983cd24fb0d6963f7d28e17f72-3", true),
        (1, "900150983cd24fb0d6963f7d28e17f72", true),
        (1, "900150983cd24fb0d6963f7d28e17f72-1", false), (1, "-", false), (1, "", false),
    ])
    func `a tag of other parts than ours is none`(size: Int, tag: String, counts: Bool) throws {
        let listing = #"[{"key":"p/a","size":\#(size),"tag":"\"\#(tag)\""}]"#
        let objects = try AWSCLIStore(credentialsPath: nil).objects(
            from: CommandResult(termination: .exited(0), output: listing),
            under: StoreURL(parsing: "s3://bucket/p"))
        #expect(objects.map { $0.md5 != nil } == [counts])
    }
}
