import Shared
import Synchronization
import TestSupport
import Testing

@testable import Launcher

/// What has to be sure before `finish` removes the only other copy.
@Suite(.enabled(if: isInstalled("python3"), "python3 is not installed"), .timeLimit(.minutes(2)))
struct FinishProofTests {
    private var laptop: LauncherSandbox
    private let runner = RecordingRunner()

    init() throws {
        laptop = try LauncherSandbox()
        laptop.context.runner = runner
    }

    private func finish(_ words: String...) async -> Int32 {
        await laptop.train(
            ["finish", "classifier/beer", "--destination", laptop.collected] + words)
    }

    /// What the store's commands did: `get`, `download`, `delete`, …
    private var storeCommands: [[String]] {
        runner.commands.filter { $0.arguments.first == DirectoryStoreCommand.name }
            .map { Array($0.arguments.dropFirst()) }
    }

    private func fetches(of path: String) -> Int {
        storeCommands.filter { $0.first == "get" && $0[1].hasSuffix(path) }.count
    }

    @Test func `a file that differs is fetched once more, then listed, and nothing is removed`()
        async throws
    {
        let begun = try await laptop.sample()
        try begun.corruptModel()
        #expect(await finish() == 1)
        #expect(fetches(of: "/output/epoch 1/mödel.bin") == 1)
        #expect(storeCommands.filter { $0.first == "download" }.count == 3)
        #expect(!storeCommands.contains { $0.first == "delete" })
        #expect(laptop.heard.errors.contains("'output/epoch 1/mödel.bin' differs in content"))
        #expect(exists(begun.folder.bucket + "/output/epoch 1/mödel.bin"))
        #expect(try begun.folder.record().stage == .started)
    }

    @Test func `many that differ are fetched once more by their tree`() async throws {
        let begun = try await laptop.sample()
        var manifest = try manifest(of: begun)
        for number in 1...40 {
            let path = "output/part-\(number)"
            try AtomicFile.write(Data("x".utf8), to: "\(begun.folder.bucket)/\(path)")
            manifest.files.append(.init(path: path, size: 1, mtime: 0, crc32c: 1))
        }
        try write(manifest, of: begun)
        #expect(await finish() == 1)
        #expect(storeCommands.filter { $0.first == "get" && $0[1].contains("/part-") }.isEmpty)
        #expect(storeCommands.filter { $0.first == "download" }.count == 4)
        #expect(laptop.heard.errors.contains("40 files in"))
        #expect(laptop.heard.errors.contains("and 20 more"))
    }

    private func manifest(of begun: RunHandle) throws -> Manifest {
        let path = begun.folder.bucket + "/run/manifest.json"
        return try JSONFormat.decode(Manifest.self, from: readFile(path), name: path)
    }

    private func write(_ manifest: Manifest, of begun: RunHandle) throws {
        try AtomicFile.write(
            JSONFormat.encode(manifest), to: begun.folder.bucket + "/run/manifest.json")
    }

    @Test func `sizes that no file has are refused in one line`() async throws {
        let begun = try await laptop.sample()
        var manifest = try manifest(of: begun)
        manifest.files.append(.init(path: "output/x", size: .max, mtime: 0, crc32c: 0))
        manifest.files.append(.init(path: "output/y", size: .max, mtime: 0, crc32c: 0))
        try write(manifest, of: begun)
        #expect(await finish() == 1)
        #expect(laptop.heard.errors.contains(".size' is 9223372036854775807, which no file has"))
        #expect(begun.folder.exists)
    }

    @Test func `a disk that holds two names for one does not count as having both`() async throws {
        let begun = try await laptop.sample()
        var manifest = try manifest(of: begun)
        for name in ["Model.pt", "model.pt"] {
            try AtomicFile.write(Data(name.utf8), to: "\(begun.folder.bucket)/output/\(name)")
            manifest.files.append(
                .init(
                    path: "output/\(name)", size: Int64(name.utf8.count), mtime: 0,
                    crc32c: CRC32C.of(Data(name.utf8))))
        }
        try write(manifest, of: begun)
        var folding = self
        folding.laptop.context.fileIdentity = { path in
            let inode = UInt64(bitPattern: Int64(path.lowercased().hashValue))
            return .init(device: 1, inode: inode, names: 1)
        }
        #expect(await folding.finish() == 1)
        #expect(
            laptop.heard.errors.contains("'output/model.pt' is the same file as 'output/Model.pt'"))
        #expect(begun.folder.exists)
        #expect(await finish() == 0, "\(laptop.heard.errors)")
    }

    @Test func `a download that outlives a killed finish is ended by the next one`() async throws {
        let begun = try await laptop.sample()
        var left = Command("sleep", ["1000"])
        left.environment = [OrphanedTransfers.mark: begun.folder.path]
        let steps = Steps(laptop.context.progress(), clock: ContinuousClock())
        var lock: DownloadLock? = try await DownloadLock.take(in: begun.folder, steps: steps)
        left.descriptors = [try #require(lock).descriptor]
        let orphan = try PosixRunner().start(left)
        lock = nil
        #expect(await finish() == 0, "\(laptop.heard.errors)")
        #expect(await orphan.wait().termination == .signalled(SIGKILL))
        let downloads = runner.commands.filter { $0.arguments.dropFirst().first == "download" }
        #expect(downloads.count == 3)
        #expect(downloads.allSatisfy { $0.descriptors.count == 1 })
        #expect(
            downloads.allSatisfy {
                $0.environment[OrphanedTransfers.mark] == .some(begun.folder.path)
            })
    }

    // MARK: The disk

    @Test func `the disk is made to keep it before the run counts as collected`() async throws {
        let begun = try await laptop.sample()
        let seen = Mutex<[RunRecord.Stage?]>([])
        var careful = self
        careful.laptop.context.keep = { directory in
            let model = exists(directory + "/output/epoch 1/mödel.bin")
            seen.withLock { $0.append(model ? try? begun.folder.record().stage : nil) }
            throw Failure("the disk of '\(directory)' did not keep it")
        }
        #expect(await careful.finish() == 1)
        #expect(seen.withLock { $0 } == [.started])
        #expect(try begun.folder.record().stage == .started)
        #expect(exists(begun.folder.bucket + "/run/manifest.json"))
        #expect(await finish() == 0, "\(laptop.heard.errors)")
    }

    // MARK: Going on where only the removal is left

    /// A run that was collected by a finish which then was killed; its folder of output.
    private func collected(_ begun: RunHandle) throws -> String {
        let place = laptop.collected + "/former"
        try makeDirectories(laptop.collected)
        try FileManager.default.copyItem(atPath: begun.folder.bucket, toPath: place)
        var record = try begun.folder.record()
        record.stage = .collected
        record.completeness = .verified
        record.collection = place
        try begun.folder.write(record)
        return place
    }

    @Test func `a finish that was killed after the download only removes`() async throws {
        let begun = try await laptop.sample()
        let place = try collected(begun)
        #expect(await finish() == 0, "\(laptop.heard.errors)")
        #expect(!begun.folder.exists)
        #expect(storeCommands.filter { $0.first == "download" || $0.first == "get" }.isEmpty)
        #expect(try readFile(place + "/output/epoch 1/mödel.bin").count == 7000)
        #expect(laptop.heard.errors.contains("everything is downloaded already: \(place)"))
    }

    @Test(arguments: ["", "/output/epoch 1/mödel.bin", "/run/manifest.json"])
    func `what was downloaded and is gone since is downloaded again`(lost: String) async throws {
        let begun = try await laptop.sample()
        let place = try collected(begun)
        try FileManager.default.removeItem(atPath: place + lost)
        #expect(await finish() == 0, "\(laptop.heard.errors)")
        #expect(laptop.heard.errors.contains("downloading it again"))
        #expect(try readFile(try laptop.collection() + "/output/epoch 1/mödel.bin").count == 7000)
        #expect(laptop.heard.outputs.contains("every byte checked"))
        #expect(!begun.folder.exists)
    }

    @Test func `a second download that is killed does not count as the first`() async throws {
        let begun = try await laptop.sample()
        _ = try collected(begun)
        var record = try begun.folder.record()
        record.completeness = .unverified
        try begun.folder.write(record)
        #expect(await finish() == 0, "\(laptop.heard.errors)")
        #expect(laptop.heard.errors.contains("was not downloaded to its end; downloading it again"))
    }

    @Test func `what is gone on both sides is said, and removed by force alone`() async throws {
        let begun = try await laptop.sample()
        let place = try collected(begun)
        for lost in [place, begun.folder.bucket] {
            try FileManager.default.removeItem(atPath: lost)
        }
        #expect(await finish() == 1)
        #expect(
            laptop.heard.errors.contains("'\(place)' is gone, and its bucket holds no manifest"))
        #expect(laptop.heard.errors.contains("nothing is destroyed"))
        #expect(begun.folder.exists)
        #expect(await finish("--force", "classifier/beer") == 0, "\(laptop.heard.errors)")
        #expect(!begun.folder.exists)
    }
}
