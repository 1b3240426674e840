/// Reads every series of a run out of its folder, again and again as it grows.
///
/// The sources, in the order of trust that `ScalarSource` has: `metrics.jsonl`, event files of
/// TensorBoard and tables of frameworks anywhere below logs and output, lines of `train.log`, and
/// the observer's `observer.jsonl`. A file that is no such file has no scalars; nothing of it is an error. What is
/// read at once, and what is kept, is bounded.
package struct ScalarReader: Sendable {
    private let logs: String
    private let output: String?
    private var table: ScalarTable
    private var lines: [ScalarSource: (file: ScalarFile, assembler: LineAssembler)] = [:]
    private var trainLog: ScalarFile
    private var scanner: LogScanner
    private let patterns: [MetricPattern]
    private var events: [String: TensorBoardFile] = [:]
    private var tables: [String: ScalarTableFile] = [:]

    /// Of each file at each read.
    private static let mostBytes: Int64 = 512 << 20

    /// - Parameters:
    ///   - logs: the logs directory; `output` the output directory, where event files may be too.
    ///   - patterns: the user's own, for `train.log`.
    ///   - capacity: how many buckets of points each series keeps at most; see `ThinnedPoints`.
    package init(
        logs: String, output: String? = nil, patterns: [MetricPattern] = [], capacity: Int = 2048
    ) {
        self.logs = logs
        self.output = output
        self.patterns = patterns
        table = ScalarTable(capacity: capacity)
        trainLog = ScalarFile(path: logs + "/" + BucketLayout.trainLog)
        scanner = LogScanner(patterns: patterns)
        for (source, name) in [
            (ScalarSource.metrics, BucketLayout.metrics), (.observer, BucketLayout.observer),
        ] {
            lines[source] = (
                ScalarFile(path: logs + "/" + name), LineAssembler(longest: MetricsLine.longest)
            )
        }
    }

    /// By name; see `ScalarSource` for what is taken where several have one.
    package var series: [Series] { table.merged }

    /// There were more names than are kept.
    package var isIncomplete: Bool { table.isFull }

    /// The extremes of what was read since the last call, by name.
    package mutating func takeFresh() -> [String: FreshValues] { table.takeFresh() }

    /// Reads what is new since the last call.
    package mutating func read() {
        readLines(.metrics)
        readLines(.observer)
        readLog()
        readFound(below: logs, as: "")
        if let output { readFound(below: output, as: "output/") }
    }

    private mutating func readLines(_ source: ScalarSource) {
        guard var (file, assembler) = lines[source] else { return }
        var table = table
        file.read(
            upTo: Self.mostBytes,
            restart: {
                table.removeAll(from: source)
                assembler = LineAssembler(longest: MetricsLine.longest)
            },
            { bytes in
                assembler.read(bytes) { line in
                    guard let line = MetricsLine(line) else { return }
                    for (name, value) in line.scalars {
                        table.append(
                            name, from: source, step: line.step, time: line.time, value: value,
                            attempt: line.attempt)
                    }
                }
            })
        lines[source] = (file, assembler)
        self.table = table
    }

    private mutating func readLog() {
        var (table, scanner) = (table, scanner)
        trainLog.read(
            upTo: Self.mostBytes,
            restart: {
                table.removeAll(from: .log)
                scanner = LogScanner(patterns: patterns)
            },
            { bytes in
                scanner.read(bytes) { name, step, value in
                    table.append(name, from: .log, step: step, time: nil, value: value)
                }
            })
        (self.table, self.scanner) = (table, scanner)
    }

    private mutating func readFound(below directory: String, as prefix: String) {
        for path in ScalarFileSearch.files(below: directory) {
            let name = fileName(of: path)
            let place = prefix + (path.contains("/") ? parentDirectory(path) : "")
            if ScalarFileSearch.isEvents(name) {
                readEvents(directory + "/" + path, as: prefix + path, in: place)
            } else {
                readTable(directory + "/" + path, as: prefix + path, in: place)
            }
        }
    }

    private mutating func readEvents(_ path: String, as key: String, in place: String) {
        var file = events[key] ?? TensorBoardFile(path: path)
        var table = table
        file.read(upTo: Self.mostBytes) { data in
            guard let event = TensorBoardEvent(data) else { return }
            for (tag, value) in event.scalars {
                table.append(
                    tag, from: .tensorBoard, in: place, step: event.step, time: event.time,
                    value: value)
            }
        }
        self.table = table
        events[key] = file
    }

    private mutating func readTable(_ path: String, as key: String, in place: String) {
        var file = tables[key] ?? ScalarTableFile(path: path)
        var table = table
        file.read(begin: { table.removeAll(from: .table, in: place) }) { name, step, value in
            table.append(name, from: .table, in: place, step: step, time: nil, value: value)
        }
        self.table = table
        tables[key] = file
    }
}
