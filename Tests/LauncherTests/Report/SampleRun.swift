import Shared
import TestSupport

@testable import Launcher

/// The folder of a run that `finish` could have brought home.
struct SampleRun {
    let scratch: Scratch
    let place: String

    /// More than are kept of any curve.
    static let manyPoints =
        ProcessInfo.processInfo.environment["TRAIN_SLOW_TESTS"] == nil ? 60_000 : 1_000_000

    private static let start = 1_800_000_000

    /// - Parameters:
    ///   - name: of the folder.
    ///   - change: what is different in the capsule.
    init(
        _ name: String = "20270115T080000_classifier_beer", in scratch: Scratch,
        change: (inout Capsule) -> Void = { _ in }
    ) throws {
        self.scratch = scratch
        place = scratch.path + "/" + name
        let run = try RunName(
            cloud: "local", projectName: "local", codeName: "classifier", datasetName: "beer")
        let begun = Date(timeIntervalSince1970: Double(Self.start))
        var status = RunStatus(run: run, startedAt: begun)
        status.phase = .finished
        status.heartbeat = begun.addingTimeInterval(1000)
        status.sync.verified = true
        status.outcome = Outcome(kind: .succeeded, phase: .train, message: "the training succeeded")
        try write(JSONFormat.encode(status), "run/status.json")
        var capsule = Capsule(run: run, module: "training_module.main", startedAt: begun)
        capsule.packages = ["numpy==2.4.6", "torch==2.13.0"]
        capsule.hourlyPrice = 3.6
        change(&capsule)
        try write(JSONFormat.encode(capsule), "run/capsule.json")
        let manifest = Manifest(
            generation: 3, createdAt: begun, final: true,
            files: [.init(path: "output/model.pt", size: 7000, mtime: 0, crc32c: 1)])
        try write(JSONFormat.encode(manifest), "run/manifest.json")
        try write(Self.events(), "run/events.jsonl")
        try write(Data("iter 1: it trains\n".utf8), "logs/train.log")
    }

    func write(_ data: Data, _ name: String) throws {
        try makeDirectories(parentDirectory(place + "/" + name))
        try AtomicFile.write(data, to: place + "/" + name)
    }

    private static func events() throws -> Data {
        func event(_ seconds: Int, _ kind: Event.Kind, _ phase: Phase? = nil, _ attempt: Int = 1)
            -> Event
        {
            Event(
                time: Date(timeIntervalSince1970: Double(start + seconds)), kind: kind,
                attempt: attempt, phase: phase, message: "")
        }
        let events = [
            event(0, .phaseStarted, .prepare), event(10, .phaseEnded, .prepare),
            event(10, .phaseStarted, .train), event(300, .sync), event(500, .restart, nil, 2),
            event(700, .tuning), event(990, .phaseEnded, .train),
            event(990, .phaseStarted, .finalSync), event(1000, .phaseEnded, .finalSync),
        ]
        return try events.map(JSONFormat.line).reduce(Data(), +)
    }

    /// Scalars as the helper library writes them.
    func writeMetrics(names: [String], steps: Int, value: (Int) -> Double) throws {
        var text = ""
        text.reserveCapacity(names.count * steps * 90)
        for step in 0..<steps {
            let time = Double(Self.start) + 10 + Double(step) * 980 / Double(steps)
            for name in names {
                text += "{\"time\": \(time), \"name\": \"\(name)\", \"value\": \(value(step)), "
                text += "\"step\": \(step), \"attempt\": 1}\n"
            }
        }
        try write(Data(text.utf8), "logs/metrics.jsonl")
    }
}
