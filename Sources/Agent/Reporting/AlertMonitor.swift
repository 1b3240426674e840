import Shared

/// Tells, as events of their own kind, what the user asked to be told of a curve, what the trainer
/// itself says in `logs/alerts.jsonl`, and that most of the time or money is spent.
///
/// Each rule speaks once for a start of the trainer: a loss that stays too high is one alert.
struct AlertMonitor: Monitor {
    /// More than a person reads; a trainer that alerts in each step must not fill the events.
    private static let most = 100
    /// Of the longest time allowed.
    private static let nearlySpent = 0.8

    func run(_ context: RunContext) async {
        var watch = AlertWatch(context.job, isAdopted: context.adopted != nil)
        while !Task.isCancelled {
            let attempt = context.journal.start.number
            if context.board.status.phase == .train || watch.isStarted {
                let copy = watch
                let (next, alerts) = await offTaskThreads {
                    var next = copy
                    let alerts = next.look(attempt: attempt)
                    return (next, alerts)
                }
                watch = next
                for alert in alerts { tell(alert, context) }
            }
            let job = context.limitedJob
            if let text = Self.limitNearlySpent(
                job, told: context.journal.toldDurationSeconds, now: context.host.now())
            {
                context.recordSoon { $0.toldDurationSeconds = job.maxDurationSeconds }
                context.board.update { $0.warnings.append(text) }
                tell(AlertWatch.Alert(text: text), context)
            }
            // Cancelled at the end of the training.
            try? await context.host.clock.sleep(for: Heartbeat.onMachine)
        }
        // What came between the last look and the trainer's end.
        for alert in watch.look(attempt: context.journal.start.number) { tell(alert, context) }
    }

    /// What to say where most of the time or money is spent: once for each limit, over all agents of
    /// a machine.
    ///
    /// - Parameter told: the limit of which it was said, in seconds.
    static func limitNearlySpent(_ job: Job, told: Double?, now: Date) -> String? {
        guard let limit = job.maxDurationSeconds, told != limit,
            now.timeIntervalSince(job.createdAt) > limit * nearlySpent
        else { return nil }
        return "80 % of \(job.isLimitedByCost ? "--max_cost" : "--max_duration") is spent"
    }

    private func tell(_ alert: AlertWatch.Alert, _ context: RunContext) {
        context.board.event(
            .alert, phase: .train, alert.text, details: ["level": .string(alert.level)])
    }

    /// What is watched, and what was told already.
    struct AlertWatch: Sendable {
        struct Alert: Sendable, Equatable {
            var text: String
            var level = "warning"
        }

        private let rules: [AlertRule]
        private var curves: ScalarReader
        private var said: ScalarFile
        private var lines = LineAssembler(longest: 1 << 14)
        private let isAdopted: Bool
        private var attempt: Int?
        private var broken: Set<String> = []
        private var count = 0

        init(_ job: Job, isAdopted: Bool = false) {
            self.isAdopted = isAdopted
            rules = (job.alerts ?? []).compactMap { AlertRule($0) }
            curves = ScalarReader(
                logs: job.directories.logs, output: job.directories.output,
                patterns: (job.metrics ?? []).compactMap { MetricPattern($0) }, capacity: 2)
            said = ScalarFile(path: job.directories.logs + "/" + BucketLayout.alerts)
        }

        var isStarted: Bool { attempt != nil }

        /// Reads what is new. What is there at the first look of a later attempt is of an earlier one,
        /// and was told then.
        mutating func look(attempt: Int) -> [Alert] {
            var alerts: [Alert] = []
            said.read(upTo: 1 << 20) { bytes in
                lines.read(bytes) { line in Self.alert(line).map { alerts.append($0) } }
            }
            var fresh: [String: FreshValues] = [:]
            if !rules.isEmpty {
                curves.read()
                fresh = curves.takeFresh()
            }
            if attempt != self.attempt {
                self.attempt = attempt
                broken = []
                if attempt > 1 || isAdopted { return [] }
            }
            for rule in rules where !broken.contains(rule.description) {
                guard let words = rule.broken(by: fresh) else { continue }
                broken.insert(rule.description)
                alerts.append(Alert(text: "\(words) (--alert \(quoted(rule.description)))"))
            }
            let room = max(0, AlertMonitor.most - count)
            count += min(room, alerts.count)
            return Array(alerts.prefix(room))
        }

        /// A line of the helper library's: title, text and level.
        private static func alert(_ line: ArraySlice<UInt8>) -> Alert? {
            guard let members = FlatJSON.members(of: line) else { return nil }
            func text(_ key: String) -> String? {
                for case (key, .string(let text)) in members { return harmlessLine(text) }
                return nil
            }
            guard let title = text("title"), !title.isEmpty else { return nil }
            let words = text("text").flatMap { $0.isEmpty ? nil : ": \($0)" } ?? ""
            let level = text("level") ?? "warning"
            return Alert(
                text: title + words,
                level: ["info", "warning", "error"].contains(level) ? level : "warning")
        }
    }
}
