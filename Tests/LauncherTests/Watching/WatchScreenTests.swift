import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite struct WatchScreenTests {
    private static let start = Date(timeIntervalSince1970: 1_800_000_000)

    private func model() throws -> WatchModel {
        let run = try RunName(
            cloud: "gcp", projectName: "p", codeName: "classifier", datasetName: "beer")
        var status = RunStatus(run: run, startedAt: Self.start)
        status.start = Attempt(machine: 2, restarts: 0)
        status.phase = .train
        status.phases = [.prepare, .code, .dataset, .dependencies].map {
            RunStatus.PhaseRecord(
                phase: $0, state: .succeeded, startedAt: Self.start, endedAt: Self.start)
        }
        status.phases.append(.init(phase: .gpu, state: .skipped, startedAt: Self.start))
        status.phases.append(.init(phase: .train, state: .running, startedAt: Self.start))
        status.progress = TrainingProgress(
            step: 1300, total: 30_000, secondsLeft: 250, source: "train.log")
        status.sync.lastSuccessAt = Self.start.addingTimeInterval(3700)
        status.sync.files = 12
        status.sync.bytes = 345_000_000
        status.warnings = ["the disk is nearly full\u{1b}[2J\nforged row"]
        status.heartbeat = Self.start.addingTimeInterval(3715)
        var model = WatchModel(name: run, source: .ssh)
        model.status = status
        model.gpus = GPUReading.all(
            in: "NVIDIA L4, 97, 20114, 23034, 71.23, 64\nNVIDIA L4, [N/A], 12, 23034, [N/A], 30\n")
        for step in 0..<40 {
            model.append(
                "step \(step) loss 0.\(step) 日本語 " + String(repeating: "x", count: step * 4))
        }
        model.append("evil\u{1b}[2J\u{1b}]0;title\u{7}")
        model.update = "epoch 3:  42%|####      | 1300/30000"
        return model
    }

    private func rows(_ width: Int, _ height: Int, hasColour: Bool = false) throws -> [String] {
        WatchScreen(
            model: try model(), width: width, height: height,
            terminal: Terminal(isInteractive: true, width: width, hasColour: hasColour),
            now: Self.start.addingTimeInterval(3720)
        ).rows
    }

    @Test(arguments: [(120, 40), (80, 24), (40, 10)])
    func `three sizes are as kept`(width: Int, height: Int) throws {
        let rows = try rows(width, height)
        #expect(rows.count == height)
        #expect(rows.allSatisfy { DisplayWidth.of($0) <= width })
        try Golden.expect(
            rows.joined(separator: "\n") + "\n", equals: "watch-\(width)x\(height).txt")
    }

    @Test(arguments: [(1, 1), (5, 2), (20, 3), (300, 200)])
    func `any size is filled exactly`(width: Int, height: Int) throws {
        let rows = try rows(width, height)
        #expect(rows.count == height)
        #expect(rows.allSatisfy { DisplayWidth.of($0) <= width })
    }

    @Test func `only our own escape sequences are in it`() throws {
        let text = try rows(120, 40, hasColour: true).joined(separator: "\n")
        let colours = ["\u{1b}[32m", "\u{1b}[33m", "\u{1b}[0m"]
        let rest = colours.reduce(text) { $0.replacing($1, with: "") }
        #expect(rest != text)
        #expect(!rest.unicodeScalars.contains { $0.steersTerminal && $0 != "\n" })
    }

    @Test func `before the first status there is something to see`() throws {
        let run = try RunName(cloud: "gcp", projectName: "p", codeName: "c", datasetName: "d")
        var model = WatchModel(name: run, source: .bucket)
        model.trouble = "no network"
        let rows = WatchScreen(
            model: model, width: 60, height: 6,
            terminal: Terminal(isInteractive: true, width: 60, hasColour: false), now: Self.start
        ).rows
        #expect(rows[0] == "c/d on gcp · starting")
        #expect(rows.contains("! not seen now: no network"))
    }

    @Test(arguments: [
        ("", 0), ("[Unknown Error], 1, 2, 3, 4, 5\n", 0), ("a, b\n", 0),
        ("L4, 1e999, -, 5, nan, x\n", 1),
    ])
    func `what nvidia-smi answers may be anything`(text: String, count: Int) {
        #expect(GPUReading.all(in: text).count == count)
    }
}
