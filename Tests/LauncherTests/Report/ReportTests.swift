import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite(.timeLimit(.minutes(10))) struct ReportTests {
    private let laptop: LauncherSandbox

    init() throws { laptop = try LauncherSandbox() }

    private func page(_ run: SampleRun) throws -> String {
        try ReportPage(CollectedRun(at: run.place), now: Date(timeIntervalSince1970: 0)).html()
    }

    /// The data of a page, as its script reads it.
    private func data(_ page: String) throws -> JSONValue {
        let start = try #require(page.firstRange(of: "id=\"data\">"))
        let rest = page[start.upperBound...]
        let end = try #require(rest.firstRange(of: "</script>"))
        return try JSONDecoder().decode(
            JSONValue.self, from: Data(rest[..<end.lowerBound].utf8))
    }

    @Test func `a page shows the receipt, the timeline, the curves and the capsule`() async throws {
        let run = try SampleRun(in: laptop.scratch)
        try run.writeMetrics(names: ["loss"], steps: 100) { $0 == 50 ? .nan : Double($0) / 3 }
        #expect(await laptop.train("report", run.place) == 0, "\(laptop.heard.errors)")
        #expect(laptop.heard.outputs.contains("report.html"))
        #expect(laptop.heard.outputs.contains("98 % trained and kept"))
        let page = String(
            decoding: try readFile(run.place + "/report.html"), as: UTF8.self)
        for text in [
            "succeeded: the training succeeded", "trained and kept", "0.98", "final sync",
            "compared with the bucket", "training_module.main", "torch==2.13.0",
            "iter 1: it trains", "attempt 1, 16m20s", "Leon Sorokin",
        ] {
            #expect(page.contains(text), "\(text)")
        }
        guard case .object(let data) = try data(page), case .array(let curves)? = data["curves"],
            case .object(let curve)? = curves.first, case .array(let parts)? = curve["parts"],
            case .object(let part)? = parts.first, case .array(let y)? = part["y"]
        else {
            Issue.record("the data has no curve")
            return
        }
        #expect(curve["name"] == "loss")
        #expect(y.count == 100 && y[50] == .null && y[10] == .number(3.33333))
        guard case .array(let marks)? = data["marks"] else {
            Issue.record("the data has no marks")
            return
        }
        // At half of 980 seconds, from second 10 on, is the fiftieth step.
        #expect(
            marks.contains(
                .object(["kind": "restart", "time": 1_800_000_500, "step": .integer(50)])))
    }

    @Test func `the receipt says when the machine went off, and when nothing was left`() throws {
        let run = try SampleRun(in: laptop.scratch)
        #expect(!(try page(run)).contains("nothing of the run was left"))
        let path = run.place + "/" + BucketLayout.status
        var status = try JSONFormat.decode(RunStatus.self, from: readFile(path), name: path)
        let synced = Date(timeIntervalSince1970: 1_800_000_990)
        status.phases = [
            .init(phase: .finalSync, state: .succeeded, startedAt: synced),
            .init(phase: .powerOff, state: .running, startedAt: synced.addingTimeInterval(4)),
        ]
        status.phases[0].endedAt = synced
        try AtomicFile.write(JSONFormat.encode(status), to: path)
        Removal(removedAt: Date(timeIntervalSince1970: 1_800_001_000), cloud: "gcp<b>")
            .write(into: run.place)
        let page = try page(run)
        #expect(
            page.contains(
                "machine turned off at 2027-01-15T08:16:34Z, 4s after the last byte was up"),
            "\(page.prefix(4000))")
        #expect(
            page.contains("nothing of the run was left on gcp&lt;b&gt; at 2027-01-15T08:16:40Z"))
    }

    @Test func `what a run says is never markup`() throws {
        let hostile = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u{1B}[31m"
        let run = try SampleRun(in: laptop.scratch) { capsule in
            capsule.arguments = [hostile]
            capsule.packages = [hostile]
        }
        try run.write(
            Data("step 1 \(hostile)\nstep 2 loss 1\n".utf8) + Data([0xFF, 0xFE, 0x0A]),
            "logs/train.log")
        let line = try JSONFormat.line(["name": hostile])
        let name = String(decoding: line, as: UTF8.self).dropFirst().dropLast(2)
        try run.write(
            Data("{\(name), \"value\": 1, \"step\": 1}\n".utf8), "logs/metrics.jsonl")
        let page = try page(run)
        #expect(!page.contains("<img"))
        #expect(!page.contains("<script>alert"))
        #expect(!page.unicodeScalars.contains("\u{1B}"))
        // Ours: data, library, script.
        #expect(page.split(separator: "</script>").count == 4)
        guard case .object(let data) = try data(page), case .array(let curves)? = data["curves"]
        else {
            Issue.record("the data is no object")
            return
        }
        #expect(
            curves.contains { curve in
                if case .object(let curve) = curve {
                    curve["name"] == .string(hostile)
                } else {
                    false
                }
            })
    }

    /// With TRAIN_SLOW_TESTS a million points, which take a debug build a minute.
    @Test(arguments: [(1, SampleRun.manyPoints), (20, SampleRun.manyPoints / 20)])
    func `a million points are less than 3 MB, and every spike is there`(
        curves: Int, steps: Int
    ) throws {
        let run = try SampleRun(in: laptop.scratch)
        try run.writeMetrics(names: (0..<curves).map { "curve\($0)" }, steps: steps) { step in
            step == steps / 3 ? 123_456 : Double((step &* 7919) % 10_007) / 10_007
        }
        let page = try page(run)
        #expect(page.utf8.count < 3_000_000)
        #expect(page.split(separator: "123456").count >= curves + 1)
    }

    @Test func `a folder that is no run's is refused`() async throws {
        #expect(await laptop.train("report", laptop.scratch.path) == 2)
        try laptop.scratch.write("{}", to: "empty/run/status.json")
        #expect(await laptop.train("report", laptop.scratch.path + "/empty") == 1)
        #expect(laptop.heard.errors.contains("is not the folder of a run"))
    }

    @Test func `a page needs nothing from elsewhere`() throws {
        let page = try page(try SampleRun(in: laptop.scratch))
        #expect(!page.contains("src=\"") && !page.contains("<link") && !page.contains("@import"))
        #expect(page.contains("default-src 'none'"))
    }

    @Test func `the parts of a page are those of the directory`() throws {
        let directory = BuiltProducts.repository + "/Sources/Launcher/Report/Page"
        let names = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
        #expect(ReportFiles.files.map(\.name).sorted() == names)
        for (name, bytes) in ReportFiles.files {
            #expect(try readFile(directory + "/" + name) == Data(bytes), "\(name)")
        }
    }

    @Test(
        arguments: [
            (0.1, "0.1"), (1.0 / 3, "0.333333"), (12_345_678.0, "12345700"), (5, "5"),
            (1e-7, "1e-07"), (-2.5e-9, "-2.5e-09"), (.nan, "NaN"), (0, "0"),
        ] as [(Double, String)])
    func `numbers have at most six digits`(number: Double, text: String) {
        #expect(digits(number) == text)
    }
}
