import Shared
import TestSupport
import Testing

@testable import Agent

/// A code archive comes from a bucket: what is in it stays below the code directory.
@Suite(.enabled(if: isInstalled("python3"), "python3 is not installed"))
struct HostileArchiveTests {
    enum Trick: String, CaseIterable {
        case parent, absolute, linkThenFile, hardLink, device, setuid
    }

    /// Python's module writes any member; tar would refuse to pack most of these.
    private static let packer = """
        import io, sys, tarfile
        trick, archive, outside = sys.argv[1:]
        def member(name, **fields):
            info = tarfile.TarInfo(name)
            for field, value in fields.items():
                setattr(info, field, value)
            return info
        def add(tar, name, text=b"evil", **fields):
            tar.addfile(member(name, size=len(text), **fields), io.BytesIO(text))
        with tarfile.open(archive, "w:gz") as tar:
            add(tar, "main.py", b"print()")
            if trick == "parent":
                add(tar, "../evil")
            elif trick == "absolute":
                add(tar, outside + "/evil")
            elif trick == "linkThenFile":
                tar.addfile(member("way", type=tarfile.SYMTYPE, linkname=outside))
                add(tar, "way/evil")
            elif trick == "hardLink":
                tar.addfile(member("evil", type=tarfile.LNKTYPE, linkname=outside + "/kept"))
                add(tar, "evil")
            elif trick == "device":
                tar.addfile(member("evil", type=tarfile.CHRTYPE, devmajor=1, devminor=3))
            elif trick == "setuid":
                add(tar, "evil", mode=0o6755)
        """

    @Test(arguments: Trick.allCases)
    func `nothing of an archive lands outside the code, nor with another's rights`(
        trick: Trick
    ) async throws {
        try await RunFixture.with(change: { job in
            let root = parentDirectory(job.directories.code)
            job.code.source = "file://\(root)/bucket/code.tar.gz"
            job.directories.code = root + "/unpacked/code"
        }) { fixture in
            let root = fixture.root.path
            let outside = root + "/outside"
            try makeDirectories(outside)
            try AtomicFile.write(Data("kept".utf8), to: outside + "/kept")
            let result = try await PosixRunner().run(
                Command(
                    "python3",
                    ["-c", Self.packer, trick.rawValue, root + "/bucket/code.tar.gz", outside]))
            try #require(result.succeeded, "\(result.errorOutput)")
            // Refused or harmless: both are right.
            _ = try? await FetchCode().perform(fixture.context)
            #expect(!exists(outside + "/evil"))
            #expect(!exists(root + "/unpacked/evil"))
            #expect(try readFile(outside + "/kept") == Data("kept".utf8))
            var information = stat()
            let isThere = lstat(root + "/unpacked/code/evil", &information) == 0
            #expect(!isThere || information.st_mode & 0o6000 == 0)
        }
    }
}
