import Shared

/// `logs/system.jsonl`: what the machine was busy with, a line a sample.
enum SystemScalars {
    static let fileName = BucketLayout.system
    private static let mostBytes: Int64 = 256 << 20
    private static let mostNames = 100

    /// Every number of the lines that say a time, by name.
    static func read(_ path: String) -> [Series] {
        var file = ScalarFile(path: path)
        var lines = LineAssembler(longest: MetricsLine.longest)
        var series: [String: Series] = [:]
        var count: Int64 = 0
        file.read(upTo: mostBytes) { bytes in
            lines.read(bytes) { line in
                guard let sample = MetricsLine(line, needsStep: false), let time = sample.time
                else { return }
                // What a machine has never changes: no curve.
                for (name, value) in sample.scalars
                where !name.hasSuffix("_total_bytes")
                    && (series[name] != nil || series.count < mostNames)
                {
                    series[name, default: Series(name: name, source: .metrics)].append(
                        step: count, time: time, value: value)
                }
                count += 1
            }
        }
        return series.values.sorted { $0.name < $1.name }
    }
}
