import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite(.enabled(if: isInstalled("python3"), "python3 is not installed"), .timeLimit(.minutes(2)))
struct FinishTests {
    private let laptop: LauncherSandbox

    init() throws { laptop = try LauncherSandbox() }

    private func finish(_ words: String...) async -> Int32 {
        await laptop.train(
            ["finish", "classifier/beer", "--destination", laptop.collected] + words)
    }

    @Test func `a run that succeeded comes home whole and leaves nothing`() async throws {
        let begun = try await laptop.sample()
        #expect(await finish() == 0, "\(laptop.heard.errors)")
        let place = try laptop.collection()
        #expect(place.hasSuffix("_classifier_beer"))
        let model = try readFile(place + "/output/epoch 1/mödel.bin")
        #expect(model.count == 7000)
        #expect(exists(place + "/logs/train.log"))
        #expect(exists(place + "/run/manifest.json"))
        #expect(!exists(place + "/unsynced"))
        #expect(!begun.folder.exists)
        #expect(laptop.heard.outputs.contains("every byte checked"))
        #expect(laptop.heard.outputs.contains("report.html"))
        let page = String(decoding: try readFile(place + "/report.html"), as: UTF8.self)
        #expect(page.contains("classifier/beer") && page.contains("the training succeeded"))
    }

    @Test func `a second finish says that there is nothing any more`() async throws {
        _ = try await laptop.sample()
        #expect(await finish() == 0)
        #expect(await finish() == 1)
        #expect(laptop.heard.errors.contains("no run classifier/beer is known here"))
    }

    @Test func `a run that is alive is refused with the three ways on`() async throws {
        try laptop.writeWaitingTrainer()
        let begun = try await laptop.begin(try laptop.plan())
        #expect(await finish() == 1)
        for way in ["--wait", "--stop", "--force classifier/beer"] {
            #expect(laptop.heard.errors.contains(way))
        }
        #expect(begun.folder.exists)
        #expect(!exists(laptop.collected))
        #expect(await finish("--stop") == 0, "\(laptop.heard.errors)")
        #expect(laptop.heard.outputs.contains("classifier/beer: stopped"))
        #expect(!begun.folder.exists)
    }

    @Test func `force needs the name once more`() async throws {
        let begun = try await laptop.sample(.training)
        #expect(await finish("--force", "classifier") == 2)
        #expect(begun.record.agent?.isAlive == true)
    }

    @Test func `output that never reached the bucket is refused, then saved by force`() async throws
    {
        let begun = try await laptop.sample(.killed)
        #expect(await finish() == 1)
        #expect(laptop.heard.errors.contains("nothing is destroyed"))
        #expect(begun.folder.exists)
        #expect(symlink("/etc/passwd", begun.folder.machine + "/output/link") == 0)
        #expect(await finish("--force", "classifier/beer") == 0, "\(laptop.heard.errors)")
        // The machine goes, so what of it stays behind is said.
        #expect(laptop.heard.errors.contains("left out 'link': a link out of the tree"))
        let place = try laptop.collection()
        #expect(exists(place + "/output/epoch 1/mödel.bin"))
        #expect(try readFile(place + "/unsynced/output/late.bin") == Data("never synced".utf8))
        #expect(!exists(place + "/unsynced/output/epoch 1"))
        #expect(laptop.heard.outputs.contains("NOT final"))
        #expect(!begun.folder.exists)
    }

    @Test func `a file that differs keeps everything`() async throws {
        let begun = try await laptop.sample()
        try begun.corruptModel()
        #expect(await finish() == 1)
        #expect(laptop.heard.errors.contains("'output/epoch 1/mödel.bin' differs in content"))
        #expect(laptop.heard.errors.contains("nothing is destroyed"))
        #expect(begun.folder.exists)
        #expect(exists(begun.folder.bucket + "/output/epoch 1/mödel.bin"))
        // The second call goes on in the same folder.
        #expect(await finish() == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: laptop.collected).count == 1)
        #expect(laptop.heard.errors.contains("fetching 'output/epoch 1/mödel.bin' once more"))
        #expect(await finish("--force", "classifier/beer") == 0)
        #expect(!begun.folder.exists)
    }

    @Test func `a finish that was killed in the download goes on in its folder`() async throws {
        let begun = try await laptop.sample()
        let former = laptop.collected + "/former"
        try laptop.scratch.write("half", to: "collected/former/output/epoch 1/mödel.bin")
        var record = try begun.folder.record()
        record.collection = former
        try begun.folder.write(record)
        #expect(await finish() == 0, "\(laptop.heard.errors)")
        #expect(try readFile(former + "/output/epoch 1/mödel.bin").count == 7000)
        #expect(try FileManager.default.contentsOfDirectory(atPath: laptop.collected) == ["former"])
    }

    @Test func `two launchers at once are refused`() async throws {
        let begun = try await laptop.sample()
        let lock = try RunLock.take(begun.folder, of: begun.record.run)
        #expect(await finish() == 1)
        #expect(laptop.heard.errors.contains("another train is at work on classifier/beer"))
        withExtendedLifetime(lock) {}
    }

    @Test func `a destination that cannot be written is refused before anything else`() async throws
    {
        let begun = try await laptop.sample()
        try laptop.scratch.write("", to: "file")
        for destination in [laptop.scratch.path + "/file", begun.folder.path] {
            let code = await laptop.train(
                "finish", "classifier/beer", "--destination", destination)
            #expect(code != 0)
            #expect(laptop.heard.errors.contains("--destination"))
        }
        #expect(begun.folder.exists)
    }

    @Test func `what clings to life is killed with all it started`() async throws {
        let begun = try await laptop.sample(.training)
        let file = laptop.scratch.path + "/child"
        // Deaf to SIGTERM, with a child in a group of its own.
        let script = "trap '' TERM; set -m; sleep 1000 & echo $! > \"$0\"; wait"
        var record = begun.record
        record.agent = try laptop.machines.start(
            ["bash", "-c", script, file], in: begun.folder.machine)
        try begun.folder.write(record)
        let child = try await Eventually.value {
            laptop.scratch.read("child").flatMap { Int32($0.filter(\.isNumber)) }
        }
        #expect(ProcessIdentity(of: child) != nil)
        #expect(await finish("--force", "classifier/beer") == 0, "\(laptop.heard.errors)")
        #expect(record.agent?.isAlive == false)
        #expect(ProcessIdentity(of: child) == nil)
        #expect(!begun.folder.exists)
    }

    @Test func `what was collected is said as JSON on request`() async throws {
        _ = try await laptop.sample()
        #expect(await finish("--json") == 0)
        let json = try JSONDecoder().decode(
            [String: JSONValue].self, from: Data(laptop.heard.outputs.utf8))
        #expect(json["verified"] == .bool(true))
        #expect(json["files"] == 3)
        #expect(json["directory"] == .string(try laptop.collection()))
    }

    @Test func `of a bucket of the user's own only the run's part is removed`() async throws {
        let bucket = laptop.scratch.path + "/bucket"
        try laptop.scratch.write("mine", to: "bucket/other/file")
        var plan = try laptop.plan()
        plan.output = try laptop.cloud.output(
            of: plan.run, in: try laptop.context.state.folder(of: plan.run), bucket: bucket
        ).output
        _ = try await laptop.sample(of: plan)
        #expect(exists("\(bucket)/\(plan.run.slug)/run/manifest.json"))
        #expect(await finish() == 0, "\(laptop.heard.errors)")
        #expect(exists(try laptop.collection() + "/output/epoch 1/mödel.bin"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: bucket) == ["other"])
        #expect(laptop.scratch.read("bucket/other/file") == "mine")
    }

    @Test func `a status and a manifest that cannot be read do not keep force from collecting`()
        async throws
    {
        let begun = try await laptop.sample()
        let machine = begun.folder.machine + "/work/run/status.json"
        for path in [machine, begun.folder.bucket + "/run/manifest.json"] {
            try AtomicFile.write(Data("{\"version\": 99}".utf8), to: path)
        }
        #expect(await finish() == 1)
        #expect(laptop.heard.errors.contains("version is 99"))
        #expect(begun.folder.exists)
        #expect(await finish("--force", "classifier/beer") == 0, "\(laptop.heard.errors)")
        let place = try laptop.collection()
        #expect(exists(place + "/output/epoch 1/mödel.bin"))
        // Without a manifest nothing is known to be whole, so the machine's own comes too.
        #expect(exists(place + "/unsynced/output/epoch 1/mödel.bin"))
    }
}
