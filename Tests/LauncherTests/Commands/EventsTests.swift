import Shared
import Synchronization
import TestSupport
import Testing

@testable import Launcher

/// `train events`, `train wait` and `train status` of runs alive and collected.
@Suite(.timeLimit(.minutes(5))) struct EventsTests {
    private let laptop: LauncherSandbox

    init() throws { laptop = try LauncherSandbox() }

    private func event(_ kind: Event.Kind, _ message: String, attempt: Int = 1) throws -> String {
        let event = Event(
            time: Date(timeIntervalSince1970: 1_800_000_000), kind: kind, attempt: attempt,
            message: message)
        return String(decoding: try JSONFormat.line(event), as: UTF8.self)
    }

    private func write(_ text: String, of run: RunHandle) throws {
        let path = run.folder.machine + "/work/run/events.jsonl"
        try AtomicFile.write(Data(text.utf8), to: path)
    }

    @Test func `each event is told once, also where a new machine writes the file anew`()
        async throws
    {
        let run = try await laptop.sample(.training)
        let first = try event(.note, "one\u{1b}[31m") + event(.warning, "two")
        try write(first, of: run)
        let follow = Task { [laptop] in await laptop.train("events", "classifier/beer", "-f") }
        try await Eventually.holds { laptop.heard.outputs.contains("two") }
        // Shorter, and other bytes from the start on: what the next machine found in the bucket.
        try write(
            try event(.restart, "of the bucket") + event(.note, "one\u{1b}[31m")
                + event(.note, "three", attempt: 2), of: run)
        try await Eventually.holds { laptop.heard.outputs.contains("three") }
        try await laptop.stop(run)
        #expect(await follow.value == 0)
        let told = laptop.heard.outputs.split(separator: "\n").filter { $0.hasPrefix("20") }
        #expect(
            told == [
                "2027-01-15T08:00:00Z  note           one[31m",
                "2027-01-15T08:00:00Z  warning        two",
                "2027-01-15T08:00:00Z  restart        of the bucket",
                "2027-01-15T08:00:00Z  note           attempt 2  three",
            ])
    }

    @Test func `waiting for a step, an alert and the end`() async throws {
        let run = try await laptop.sample(.training)
        try write("", of: run)
        #expect(
            await laptop.train(
                "wait", "classifier/beer", "--until", "step=5", "--timeout", "0.3") == 124)
        let status = run.folder.machine + "/work/run/status.json"
        let step = Task { [laptop] in
            await laptop.train("wait", "classifier/beer", "--until", "step=5")
        }
        var document = try JSONFormat.decode(
            RunStatus.self, from: readFile(status), name: "status")
        document.progress = TrainingProgress(step: 7, total: 9, source: "train.log")
        try AtomicFile.write(JSONFormat.encode(document), to: status)
        #expect(await step.value == 0)
        #expect(laptop.heard.outputs.contains("step 7 of 9"))

        // One that came before is no news.
        try write(try event(.unknown("alert"), "old"), of: run)
        let alert = Task { [laptop] in
            await laptop.train("wait", "classifier/beer", "--until", "alert")
        }
        let none = Task { [laptop] in
            await laptop.train("wait", "classifier/beer", "--until", "step=99")
        }
        let end = Task { [laptop] in await laptop.train("wait", "classifier/beer", "--json") }
        // Again and again: nobody tells when it has begun to wait.
        let hasCome = Mutex(false)
        let watch = Task {
            let status = await alert.value
            hasCome.withLock { $0 = true }
            return status
        }
        var lines = try event(.unknown("alert"), "old")
        try await Eventually.holds {
            lines += try event(.unknown("alert"), "loss > 5, \(lines.count)")
            try write(lines, of: run)
            return hasCome.withLock { $0 }
        }
        #expect(await watch.value == 0)
        #expect(laptop.heard.outputs.contains("loss > 5"))
        #expect(!laptop.heard.outputs.contains("old"))
        try await laptop.stop(run)
        // A trainer that was stopped and ended with exit status 0 is no success.
        #expect(await end.value == 1)
        #expect(await none.value == 1)
        #expect(laptop.heard.outputs.contains("\"kind\" : \"stopped\""))
    }

    @Test func `a collected run is still known`() async throws {
        _ = try await laptop.sample()
        #expect(
            await laptop.train("finish", "classifier/beer", "--destination", laptop.collected) == 0)
        let before = laptop.heard.outputs
        #expect(await laptop.train("status", "classifier/beer") == 0)
        #expect(await laptop.train("status", "classifier/beer", "--json") == 0)
        #expect(await laptop.train("wait", "classifier/beer") == 0)
        #expect(await laptop.train("list", "--collected") == 0)
        let said = laptop.heard.outputs.dropFirst(before.count)
        #expect(said.contains("classifier/beer on local: succeeded"))
        #expect(said.contains("\"source\" : \"folder\""))
        #expect(said.contains(try laptop.collection()))
        #expect(await laptop.train("list", "--cloud", "local") == 2)
    }

    @Test(arguments: ["", "step=", "step=-1", "step=x", "finished"])
    func `no other condition is taken`(text: String) {
        #expect(WaitCondition(text) == nil)
    }

    @Test func `a project's runs are told by their labels`() throws {
        let run = try RunName(cloud: "gcp", projectName: "p", codeName: "c", datasetName: "d")
        func resource(_ kind: String, _ run: String?, _ state: String? = nil) -> LabelledResource {
            LabelledResource(kind: kind, name: "n", zone: "z-1", state: state, run: run)
        }
        let rows = ProjectList.rows(
            [
                resource("machine", run.slug, "RUNNING"), resource("bucket", run.slug),
                resource("bucket", run.slug), resource("disk", "train-other\u{1b}[2J"),
            ], known: [run])
        let text = ProjectList.text(
            ProjectList.Answer(cloud: "gcp", runs: rows, unsearched: []))
        let lines = text.split(separator: "\n").map {
            $0.split(separator: " ").joined(separator: " ")
        }
        #expect(
            Set(lines) == [
                "RUN KNOWN HERE AS MACHINE BESIDE IT",
                "\(run.slug) c/d z-1 running 2 buckets", "train-other[2J - - 1 disk",
            ])
    }
}
