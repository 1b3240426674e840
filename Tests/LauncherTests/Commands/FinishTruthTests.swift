import Shared
import Synchronization
import TestSupport
import Testing

@testable import Launcher

/// What `finish` says of a training and of its files, and what it refuses to remove.
@Suite(.enabled(if: isInstalled("python3"), "python3 is not installed"), .timeLimit(.minutes(2)))
struct FinishTruthTests {
    private var laptop: LauncherSandbox

    init() throws { laptop = try LauncherSandbox() }

    private func finish(_ words: String...) async -> Int32 {
        await laptop.train(
            ["finish", "classifier/beer", "--destination", laptop.collected] + words)
    }

    // MARK: How the training ended

    @Test func `the reason of a failure is in status, list and finish`() async throws {
        let run = try await laptop.sample()
        try run.changeStatus {
            $0.outcome = Outcome(
                kind: .failed, phase: .train, exitStatus: 1,
                message: "the trainer ended with exit status 1",
                lastLines: "Traceback (most recent call last):\nRuntimeError: CUDA out of memory",
                hint: "take a smaller batch")
        }
        #expect(await laptop.train("status", "classifier/beer") == 0)
        #expect(laptop.heard.outputs.contains("    | RuntimeError: CUDA out of memory\n"))
        #expect(laptop.heard.outputs.contains("  hint: take a smaller batch\n"))
        #expect(await laptop.train("list") == 0)
        #expect(laptop.heard.outputs.contains("exit status 1: RuntimeError: CUDA out of memory\n"))
        let before = laptop.heard.errors
        #expect(await finish() == 0)
        let said = String(laptop.heard.errors.dropFirst(before.count))
        let cause = try #require(said.firstRange(of: "    | RuntimeError: CUDA out of memory"))
        let work = try #require(said.firstRange(of: "reading the manifest"))
        #expect(cause.lowerBound < work.lowerBound)
        #expect(said.contains("  hint: take a smaller batch\n"))
        #expect(laptop.heard.outputs.contains("classifier/beer: failed: the trainer ended"))
    }

    @Test func `what the run did not put among its output is in status and at the end of a wait`()
        async throws
    {
        let run = try await laptop.sample()
        try run.changeStatus { $0.sync.foreignFiles = ["output/planted.pt"] }
        #expect(await laptop.train("status", "classifier/beer") == 0)
        let words = "1 file in the bucket did not come from this run: output/planted.pt"
        #expect(laptop.heard.outputs.contains(words), "\(laptop.heard.outputs)")
        _ = try Watch(context: laptop.context).report(try await run.look())
        #expect(laptop.heard.errors.contains(words), "\(laptop.heard.errors)")
    }

    @Test(
        arguments: [
            (.deadline, "deadline: it is over (the limit is --max_duration)"),
            (.cost, "cost: it is over (the limit is --max_cost)"),
        ] as [(Outcome.Kind, String)])
    func `a limit names its flag`(kind: Outcome.Kind, line: String) {
        let outcome = Outcome(kind: kind, phase: .train, message: "it is over")
        #expect(OutcomeText(outcome).line == line)
    }

    @Test func `a machine that is still going off is waited for`() async throws {
        let run = try await laptop.sample(.training)
        try run.changeManifest { $0.final = true }
        try run.changeStatus {
            $0.phase = .finished
            $0.outcome = Outcome(kind: .succeeded, phase: .train, exitStatus: 0, message: "done")
        }
        #expect(await laptop.train("status", "classifier/beer") == 0)
        #expect(laptop.heard.outputs.contains("succeeded: done; the machine is going off"))
        #expect(laptop.heard.outputs.contains("collect it: train finish classifier/beer"))
        let heard = laptop.heard
        let code = Task { await finish() }
        try await Eventually.holds { heard.errors.contains("waiting for the machine to go off") }
        kill(try #require(run.record.agent).pid, SIGTERM)
        #expect(await code.value == 0, "\(heard.errors)")
        #expect(!run.folder.exists)
    }

    @Test func `it is waited for a minute at most`() async throws {
        let run = try await laptop.sample(.training)
        try run.changeStatus {
            $0.phase = .finished
            $0.outcome = Outcome(kind: .succeeded, phase: .train, exitStatus: 0, message: "done")
        }
        var hurried = self
        let clock = ManualClock()
        hurried.laptop.context.clock = clock
        #expect(await hurried.finish() == 1)
        #expect(clock.slept == Array(repeating: .seconds(1), count: 60))
        #expect(laptop.heard.errors.contains("is still alive"))
    }

    @Test func `Ctrl-C while watching is no error`() async throws {
        let run = try await laptop.sample(.training)
        var impatient = self
        impatient.laptop.context.interrupts = {
            AsyncStream { stream in
                stream.yield(SIGINT)
                stream.finish()
            }
        }
        #expect(await impatient.finish("--wait") == 130)
        #expect(laptop.heard.errors.contains("no longer watching; classifier/beer goes on\n"))
        #expect(!laptop.heard.errors.contains("error:"))
        #expect(run.record.agent?.isAlive == true)
    }

    // MARK: What was checked

    @Test func `what the manifest does not name is set aside, named and counted`() async throws {
        let run = try await laptop.sample()
        try run.changeManifest { $0.files.removeAll { $0.path.hasSuffix("agent.log") } }
        try AtomicFile.write(Data("planted".utf8), to: run.folder.bucket + "/output/planted.pt")
        #expect(await finish() == 0, "\(laptop.heard.errors)")
        let place = try laptop.collection()
        #expect(try readFile(place + "/unlisted/output/planted.pt") == Data("planted".utf8))
        #expect(exists(place + "/unlisted/logs/agent.log"))
        #expect(!exists(place + "/output/planted.pt"))
        #expect(!exists(place + "/logs/agent.log"))
        #expect(exists(place + "/output/epoch 1/mödel.bin"))
        #expect(
            laptop.heard.outputs.contains(
                "unlisted      2 files that the manifest does not name, unchecked: "
                    + "logs/agent.log, output/planted.pt"))
        #expect(laptop.heard.outputs.contains("2 files, "))
    }

    @Test func `a link that was planted does not count as listed`() async throws {
        let run = try await laptop.sample()
        try run.changeManifest { $0.files.removeAll { $0.path.hasSuffix("agent.log") } }
        let unlisted = UnlistedFiles(
            manifest: try JSONFormat.decode(
                Manifest.self, from: readFile(run.folder.bucket + "/run/manifest.json"), name: "m"),
            directory: run.folder.bucket)
        #expect(symlink("/etc/passwd", run.folder.bucket + "/output/link") == 0)
        #expect(
            try unlisted.setAside(isCancelled: Latch()) == ["logs/agent.log", "output/link"])
        let cancelled = Latch()
        cancelled.set()
        #expect(throws: CancellationError.self) { try unlisted.setAside(isCancelled: cancelled) }
    }

    enum Doubt: CaseIterable { case empty, fewer }

    @Test(arguments: Doubt.allCases)
    func `a final manifest that names too little needs force`(doubt: Doubt) async throws {
        let run = try await laptop.sample()
        switch doubt {
        case .empty: try run.changeManifest { $0.files = [] }
        case .fewer:
            try run.changeStatus {
                $0.sync.verified = true
                $0.sync.files = 9
            }
        }
        #expect(await finish() == 1)
        let mention = [
            Doubt.empty: "the manifest names nothing in output/, but the bucket holds 1 file there",
            .fewer: "the manifest names 3 files, but the agent synced 9 files",
        ]
        #expect(laptop.heard.errors.contains(try #require(mention[doubt])))
        #expect(laptop.heard.errors.contains("nothing is destroyed"))
        #expect(exists(run.folder.bucket + "/output/epoch 1/mödel.bin"))
        #expect(await finish("--force", "classifier/beer") == 0, "\(laptop.heard.errors)")
        #expect(!laptop.heard.outputs.contains("every byte checked"))
    }

    @Test(arguments: [0, -1]) func `a manifest of no version is refused`(version: Int) async throws
    {
        let run = try await laptop.sample()
        try run.changeManifest { $0.version = version }
        #expect(await finish() == 1)
        #expect(laptop.heard.errors.contains("version is \(version), but the first one is 1"))
        #expect(run.folder.exists)
    }

    // MARK: What never went up

    @Test func `files that were left out are listed, and nothing is destroyed without force`()
        async throws
    {
        let run = try await laptop.sample()
        try run.changeStatus {
            $0.sync.skippedFiles = [
                "'output/best.pt' is a link out of the tree",
                "'output/last' is a link to a directory",
            ]
            $0.sync.partialFiles = ["output/ckpt.pt.partial"]
            $0.sync.skippedCount = 8
            $0.sync.waitingFiles = ["'output/last.pt': no whole one is up"]
        }
        #expect(await laptop.train("status", "classifier/beer") == 0)
        #expect(
            laptop.heard.outputs.contains("written to all the time: 'output/last.pt': no whole"))
        #expect(await finish() == 1)
        #expect(laptop.heard.errors.contains("7 files more that cannot be uploaded"))
        #expect(
            laptop.heard.errors.contains("2 files left out of the bucket; nothing is destroyed"))
        #expect(laptop.heard.errors.contains("'output/best.pt' is a link out of the tree"))
        #expect(!laptop.heard.errors.contains("output/last"))
        #expect(run.folder.exists)
        #expect(await finish("--force", "classifier/beer", "--json") == 0, "\(laptop.heard.errors)")
        let json = try JSONDecoder().decode(
            [String: JSONValue].self, from: Data(laptop.heard.outputs.drop { $0 != "{" }.utf8))
        #expect(json["partial_files"] == .array(["output/ckpt.pt.partial"]))
        #expect(json["missing_files"] == .array([]))
        guard case .array(let skipped)? = json["skipped_files"] else {
            Issue.record("no skipped_files in \(json)")
            return
        }
        #expect(skipped.count == 2)
    }

    @Test func `half-written files are said at the end of the training and of finish`() async throws
    {
        let run = try await laptop.sample()
        try run.changeStatus { $0.sync.partialFiles = ["output/b.partial", "output/a.partial"] }
        #expect(await laptop.train("status", "classifier/beer") == 0)
        _ = try Watch(context: laptop.context).report(try await run.look())
        #expect(await finish() == 0)
        let line =
            "half-written  2 files may be incomplete (ai_training_utils.atomic_path avoids it): "
            + "output/a.partial, output/b.partial"
        #expect(laptop.heard.outputs.components(separatedBy: line).count == 3)
        #expect(laptop.heard.errors.contains(line))
    }
}
