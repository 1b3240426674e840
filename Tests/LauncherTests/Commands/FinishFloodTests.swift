import Shared
import TestSupport
import Testing

@testable import Launcher

/// A machine that was broken into writes what it wants into its bucket, but not onto this disk.
@Suite(.enabled(if: isInstalled("python3"), "python3 is not installed"), .timeLimit(.minutes(2)))
struct FinishFloodTests {
    private let laptop: LauncherSandbox

    init() throws { laptop = try LauncherSandbox() }

    private func finish(_ words: String...) async -> Int32 {
        await laptop.train(
            ["finish", "classifier/beer", "--destination", laptop.collected] + words)
    }

    /// A file of that size which takes no room.
    private func plant(_ path: String, bytes: Int64) throws {
        try makeDirectories(parentDirectory(path))
        try AtomicFile.write(Data(), to: path)
        #expect(truncate(path, off_t(bytes)) == 0)
    }

    @Test func `a flood beside the manifest is not downloaded, and nothing is destroyed`()
        async throws
    {
        let run = try await laptop.sample()
        try plant(run.folder.bucket + "/output/planted.pt", bytes: 3 << 30)
        #expect(await finish() == 1)
        #expect(
            laptop.heard.errors.contains(
                "beyond what its manifest names, most of it in 'output/planted.pt'"),
            "\(laptop.heard.errors)")
        #expect(run.folder.exists)
        #expect(TreeSize(of: laptop.collected).bytes == 0)
    }

    @Test func `a manifest beyond its limit is not downloaded to its end`() async throws {
        let run = try await laptop.sample()
        try plant(run.folder.bucket + "/run/manifest.json", bytes: 600 << 20)
        #expect(await finish() == 1)
        #expect(laptop.heard.errors.contains("its transfer was stopped"), "\(laptop.heard.errors)")
        #expect(run.folder.exists)
    }

    @Test func `more than the disk takes is refused, also what no manifest names`() async throws {
        let run = try await laptop.sample()
        try plant(run.folder.bucket + "/output/planted.pt", bytes: 15 << 40)
        #expect(await finish("--force", "\(run.name)") == 1)
        #expect(laptop.heard.errors.contains("are free in"), "\(laptop.heard.errors)")
        #expect(run.folder.exists)
    }
}
