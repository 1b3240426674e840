import TestSupport

@testable import Shared

/// What is read of a trainer's own files: it writes what it wants.
enum ScalarParsers {
    static let all: [FuzzTarget] =
        [
            FuzzTarget("tensorboard-event", words: ["json"]) { input in
                let event = input.withUnsafeBytes { TensorBoardEvent($0) }
                return ["\(event?.scalars.count ?? 0)"]
            },
            .ofText("metric-pattern") { input in
                let lines = input.split(separator: "\n", maxSplits: 1).map(String.init)
                guard let pattern = MetricPattern(lines.first ?? "") else { return [] }
                var matcher = MetricPattern.Matcher(pattern)
                let value = matcher.value(in: lines.last ?? "")
                return ["\(value?.value ?? 0)"]
            },
            .ofText("command-template") { input in
                let template = CommandTemplate(input)
                let directories = Job.Directories(
                    work: "/w", code: "/c", dataset: "/d", output: "/o", logs: "/l")
                _ = template.expanded(.init(directories: directories, isResumed: true))
                return [template.objection ?? ""] + template.doubts
            },
        ]
        + [
            ("metrics", BucketLayout.metrics), ("observer", BucketLayout.observer),
            ("train-log", BucketLayout.trainLog), ("event-file", "events.out.tfevents.1"),
            ("metrics-table", "version_0/metrics.csv"),
        ].map { name, file in
            FuzzTarget(name, words: ["json", "text", "log"]) { input in
                let logs = try TemporaryDirectory(prefix: "train-fuzz")
                defer { logs.remove() }
                let path = "\(logs.path)/\(file)"
                try makeDirectories(parentDirectory(path))
                try Data(input).write(to: URL(filePath: path))
                var reader = ScalarReader(logs: logs.path)
                reader.read()
                reader.read()
                var progress = ProgressReader(logs: logs.path, logStart: 0, attempt: 1)
                let place = progress.look(now: 1_700_000_000)
                return ["\(reader.series.count) \(place?.step ?? 0)"]
            }
        }
}
