import Shared
import TestSupport

@testable import Agent

/// What the agent reads of others: the trainer's files, requests, a metadata service, Python.
enum AnswerParsers {
    static let all: [FuzzTarget] = [
        FuzzTarget("control-inbox") { input in
            let directory = try TemporaryDirectory(prefix: "train-fuzz")
            defer { directory.remove() }
            let name = "01KC0000000000000000000000.json"
            try Data(input).write(to: URL(filePath: "\(directory.path)/\(name)"))
            let inbox = ControlInbox(directory: directory.path, client: nil)
            return try inbox.files(now: .distantFuture).flatMap { item in
                switch item.request {
                case .failure(let failure): throw failure
                case .success(let request): return [request.objection ?? "", item.id.description]
                }
            }
        },
        FuzzTarget("knobs") { input in
            try AgentParsers.inFile(input) { path in
                guard let table = KnobTable.read(path, attempt: 1) else { return [] }
                var request = ControlRequest(
                    id: ULID(time: Date(timeIntervalSince1970: 1), random: { 1 }), by: "ann",
                    time: Date(timeIntervalSince1970: 1),
                    command: .tune)
                request.changes = [
                    "dropout": .init(set: .number(0.5)), "mode": .init(set: .string("fast")),
                    "other": .init(scale: 2),
                ]
                return [table.objection(to: request).map(harmlessLine) ?? ""]
            }
        },
        FuzzTarget("tuning-journal") { input in
            try AgentParsers.inFile(input) { path in
                var journal = TuningJournal(path: path)
                let lines = journal.news() + journal.news()
                return lines.map { "\($0.id) \($0.step ?? 0)" }
            }
        },
        FuzzTarget("alerts") { input in
            try AgentParsers.inFile(input) { path in
                let logs = try TemporaryDirectory(prefix: "train-fuzz")
                defer { logs.remove() }
                try FileManager.default.moveItem(
                    atPath: path, toPath: "\(logs.path)/\(BucketLayout.alerts)")
                var job = try Job.sample(createdAt: .distantPast)
                job.directories.logs = logs.path
                var watch = AlertMonitor.AlertWatch(job)
                return watch.look(attempt: 1).flatMap { [$0.text, $0.level] }
            }
        },
        .ofText("checkpoint-pointer", words: ["json", "text"]) { input in
            let siblings: Set = ["checkpoint-10", "iter_0000020", "ckpt-3.index", "global_step7"]
            for name in [
                "latest", "checkpoint", "latest_checkpointed_iteration.txt", "model.index.json",
            ] {
                _ = CheckpointPointers.isPointer(name, size: Int64(input.utf8.count))
                _ = CheckpointPointers.verdict(name, Data(input.utf8), siblings: siblings)
            }
            return []
        },
        FuzzTarget("http-answer", words: ["json", "http"]) { input in
            let answers = [false, true].compactMap { HTTPAnswer(Data(input), isClosed: $0) }
            for answer in answers {
                _ = try? JSONDecoder().decode(AmazonPreemption.Action.self, from: answer.body)
                let document = try? JSONDecoder().decode(
                    AzurePreemption.Document.self, from: answer.body)
                for event in document?.events ?? [] {
                    let end = event.notBefore.flatMap(HTTPDate.date)
                    let left = PreemptionNotice.time(
                        until: end, now: .distantPast, usual: .seconds(30), longest: .seconds(900),
                        margin: .seconds(4))
                    _ = Int(left.seconds)
                }
            }
            return answers.map { "\($0.status)" }
        },
        .ofText("http-date", words: ["http"]) { input in
            _ = HTTPDate.date(input)
            return []
        },
        .ofText("machine-image", words: ["json"]) { input in
            var images: [String] = []
            for cloud in ["gcp", "aws", "azure"] {
                let image = await ImageQuestion.image(cloud: cloud) { _ in input }
                images.append(image ?? "")
            }
            return images
        },
        .ofText("python-description", words: ["json"]) { input in
            let runner = ScriptedRunner { _ in
                CommandResult(termination: .exited(0), output: input)
            }
            return [try await MachinePython.describe("python3", runner: runner).version]
                .map(harmlessLine)
        },
    ]
}
