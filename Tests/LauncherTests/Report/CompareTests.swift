import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite struct CompareTests {
    private let laptop: LauncherSandbox

    init() throws { laptop = try LauncherSandbox() }

    private func runs() throws -> (SampleRun, SampleRun) {
        let first = try SampleRun("first", in: laptop.scratch)
        try first.writeMetrics(names: ["loss", "accuracy"], steps: 10) { Double($0) }
        let second = try SampleRun("second", in: laptop.scratch) { capsule in
            capsule.arguments = ["--lr", "0.1"]
            capsule.packages = ["numpy==2.4.6", "torch==2.15.0", "einops==0.8"]
        }
        try second.writeMetrics(names: ["loss"], steps: 20) { 5 - Double($0) / 8 }
        return (first, second)
    }

    @Test func `what differs comes first, then the ends of each curve`() async throws {
        let (first, second) = try runs()
        #expect(await laptop.train("compare", first.place, second.place) == 0)
        let lines = laptop.heard.outputs.split(separator: "\n").map {
            $0.split(separator: " ").joined(separator: " ")
        }
        #expect(lines.contains("arguments --lr 0.1"))
        #expect(lines.contains("package torch torch==2.13.0 torch==2.15.0"))
        #expect(lines.contains("package einops - einops==0.8"))
        #expect(!laptop.heard.outputs.contains("numpy"))
        // Least is best of a loss, most of an accuracy.
        #expect(lines.contains("loss 9 0 2.625 2.625"))
        #expect(lines.contains("accuracy 9 9 - -"))
        let differs = try #require(lines.firstIndex { $0.hasPrefix("DIFFERS") })
        let curves = try #require(lines.firstIndex { $0.hasPrefix("CURVE") })
        #expect(differs < curves)
    }

    @Test func `the page has the curves of all runs over each other`() async throws {
        let (first, second) = try runs()
        let page = laptop.scratch.path + "/compared.html"
        #expect(await laptop.train("compare", first.place, second.place, "--page", page) == 0)
        let text = String(decoding: try readFile(page), as: UTF8.self)
        #expect(text.contains("torch==2.15.0"))
        #expect(text.contains("\"label\":\"A\"") && text.contains("\"label\":\"B\""))
        #expect(text.contains("\"is_relative\":true"))
    }

    @Test func `one run, or a name that is none, is refused`() async throws {
        let (first, _) = try runs()
        #expect(await laptop.train("compare", first.place) == 2)
        #expect(laptop.heard.errors.contains("1 run cannot be compared"))
        #expect(await laptop.train("compare", first.place, "no/run") == 1)
    }

    @Test(
        arguments: [
            ("val_loss", true), ("test/accuracy", false), ("learning_rate", nil), ("mAP50", false),
        ] as [(String, Bool?)])
    func `names say whether less is better`(name: String, isLower: Bool?) {
        #expect(RunComparison.isBetterLower(name) == isLower)
    }
}
