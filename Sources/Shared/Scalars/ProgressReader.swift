/// Says how far a training is from the ends of its files, at the cost of what was written since the
/// last look.
///
/// The observer counts the optimizer's steps and comes first; the log alone knows the end, so both
/// are joined where they count the same. Time left is what a bar says, else the pace of the last
/// minutes.
package struct ProgressReader: Sendable {
    private var log: ScalarFile
    private var scanner = LogScanner()
    private var files: [(source: ScalarSource, file: ScalarFile, assembler: LineAssembler)]
    private var steps: [ScalarSource: Int64] = [:]
    private let attempt: Int
    private var totalSteps: Int64?
    /// When which step of which source was seen, the oldest first.
    private var seen: [(time: Double, source: ScalarSource, step: Int64)] = []

    /// In bytes, of each file at each look: the newest lines say all.
    private static let mostBytes: Int64 = 1 << 18
    private static let totalName = "observer/total_steps"
    /// In seconds; a pace of longer ago says nothing about now.
    private static let memory = 600.0

    /// - Parameters:
    ///   - logs: the logs directory.
    ///   - logStart: what lies before it in `train.log` is of an earlier attempt.
    ///   - attempt: lines of an earlier one do not count.
    ///   - totalSteps: where the user said it.
    package init(logs: String, logStart: Int64, attempt: Int, totalSteps: Int64? = nil) {
        self.attempt = attempt
        self.totalSteps = totalSteps
        log = ScalarFile(path: logs + "/" + BucketLayout.trainLog, from: logStart)
        files = [
            (ScalarSource.observer, BucketLayout.observer),
            (ScalarSource.metrics, BucketLayout.metrics),
        ].map { source, name in
            (
                source, ScalarFile(path: logs + "/" + name),
                LineAssembler(longest: MetricsLine.longest)
            )
        }
    }

    /// - Parameter now: in seconds since 1970.
    /// - Returns: nil as long as nothing says a step.
    package mutating func look(now: Double) -> TrainingProgress? {
        log.read(upTo: Self.mostBytes) { scanner.read($0) { _, _, _ in } }
        for index in files.indices { readLines(index) }
        guard var progress = best() else { return nil }
        note(progress, now)
        if progress.secondsLeft == nil { progress.secondsLeft = secondsLeft(progress) }
        return progress
    }

    /// The step that the observer or the metrics count, as far as was looked; nil as long as neither
    /// does. The log's own numbers can begin anew with each epoch.
    package var counted: Int64? { steps[.observer] ?? steps[.metrics] }

    private mutating func readLines(_ index: Int) {
        var (source, file, assembler) = files[index]
        var step = steps[source]
        var total = totalSteps
        file.read(upTo: Self.mostBytes) { bytes in
            assembler.read(bytes) { line in
                guard let line = MetricsLine(line), let number = line.step, number >= 0,
                    line.attempt.map({ $0 == attempt }) ?? true
                else { return }
                step = number
                // What a framework plans, where the observer sees it.
                for (name, value) in line.scalars where name == Self.totalName {
                    if value >= 1, value < 1e15 { total = Int64(value) }
                }
            }
        }
        files[index] = (source, file, assembler)
        steps[source] = step
        totalSteps = total
    }

    private func best() -> TrainingProgress? {
        let position = scanner.position
        if let step = position.step, step >= 0, let total = position.total, total >= step {
            return TrainingProgress(
                step: step, total: total, secondsLeft: position.secondsLeft,
                source: ScalarSource.log.name)
        }
        for source in [ScalarSource.observer, .metrics] {
            guard let step = steps[source] else { continue }
            return TrainingProgress(step: step, total: totalSteps, source: source.name)
        }
        return position.step.map {
            TrainingProgress(step: $0, total: totalSteps, source: ScalarSource.log.name)
        }
    }

    private mutating func note(_ progress: TrainingProgress, _ now: Double) {
        guard let source = ScalarSource.allCases.first(where: { $0.name == progress.source }) else {
            return
        }
        if let last = seen.last, last.source != source || last.step > progress.step { seen = [] }
        seen.removeAll { $0.time < now - Self.memory }
        seen.append((now, source, progress.step))
    }

    private func secondsLeft(_ progress: TrainingProgress) -> Double? {
        guard let total = progress.total, let first = seen.first, let last = seen.last,
            last.step > first.step, last.time > first.time
        else { return nil }
        let pace = (last.time - first.time) / Double(last.step - first.step)
        return max(0, Double(total - progress.step)) * pace
    }
}
