import Shared

/// Finds a training that stands still, tells where it stands, and does what the job says.
struct StallMonitor: Monitor {
    /// More reports than a person reads.
    private static let mostReports = 100
    /// A file system that answers later has its share in the stall.
    private static let patienceWithDisk: Duration = .seconds(30)

    func run(_ context: RunContext) async {
        var watch = StallWatch(context)
        while !Task.isCancelled {
            // Cancelled at the end of the training.
            try? await context.host.clock.sleep(for: watch.interval)
            guard !Task.isCancelled, context.stop.reason == nil else { continue }
            await watch.look()
        }
    }

    /// One run's rule, and what was done so far.
    struct StallWatch {
        private let context: RunContext
        private var rule: StallRule
        private let clock: Stopwatch
        private var last: Duration
        private var printed: Int64 = 0
        private var hasActed = false

        init(_ context: RunContext) {
            self.context = context
            rule = StallRule(given: context.job.stallAfterSeconds)
            clock = Stopwatch(context.host.clock)
            last = clock.elapsed
        }

        /// Between two looks; a short limit of the user's is kept to a quarter.
        var interval: Duration {
            let usual = Heartbeat.onMachine
            guard let given = context.job.stallAfterSeconds else { return usual }
            return min(usual, .seconds(max(0.25, given / 4)))
        }

        mutating func look() async {
            let now = clock.elapsed
            defer { last = now }
            guard let pid = context.board.status.trainerPid else {
                if context.board.status.stalled != nil { clear() }
                return
            }
            await context.progress.look()
            let progress = context.board.status.progress
            let size = await logSize()
            rule.look(
                StallRule.Look(
                    elapsed: (now - last).seconds, start: pid, step: progress?.step,
                    isLastStep: progress?.total.map { $0 <= progress?.step ?? 0 } ?? false,
                    hasPrinted: size != printed))
            printed = size
            if let stood = rule.takeResumed() { resumed(after: stood) }
            // That of another start of the trainer, or a former agent's.
            if !rule.isStalled, context.board.status.stalled != nil { clear() }
            if rule.mustTell, await hasNothingNew() { await tell(pid) }
            if rule.mayAct, !hasActed, context.board.status.trainerPid == pid { act() }
        }

        private func logSize() async -> Int64 {
            let path = context.job.directories.logs + "/" + BucketLayout.trainLog
            return await offTaskThreads {
                var information = stat()
                return stat(path, &information) == 0 ? Int64(information.st_size) : 0
            }
        }

        /// A checkpoint that is being written, or a curve, is a sign of life.
        private mutating func hasNothingNew() async -> Bool {
            guard rule.dependsOnFiles else { return true }
            let directories = [context.job.directories.output, context.job.directories.logs]
            let moment = context.host.now()
            let age = await TimeLimit.value(
                within: StallMonitor.patienceWithDisk, context.host.clock
            ) {
                await offTaskThreads {
                    NewestFile.age(in: directories, at: moment, isOurs: Self.isOurs)
                }
            }
            if let age { rule.grew(ago: age) }
            return rule.mustTell
        }

        private static func isOurs(_ name: String) -> Bool {
            [BucketLayout.agentLog, BucketLayout.trainLogIndex, BucketLayout.system].contains(name)
                || name.hasPrefix("stall-")
        }

        private mutating func tell(_ pid: Int32) async {
            rule.told()
            hasActed = false
            let (stood, limit) = (rule.countsSteps ? rule.standing : rule.quiet, rule.limit)
            let since = context.host.now().addingTimeInterval(-stood)
            context.board.update { $0.stalled = .init(since: since) }
            let what = rule.countsSteps ? "no step" : "nothing printed or written"
            let words = "\(what) for \(TimeSpan(seconds: stood)), limit \(TimeSpan(seconds: limit))"
            let heading = [
                "The training stands still: \(words).",
                "\(context.job.run), attempt \(context.journal.start.number), "
                    + "\(context.host.now().formatted(.iso8601)), main process \(pid)",
                context.board.status.progress.map { "\($0.text) (\($0.source))" }
                    ?? "no step is known",
            ]
            let name = await write(await StallReport(context).text(heading))
            guard !Task.isCancelled else { return }
            let report = name.map { BucketLayout.logs + "/" + $0 }
            context.board.update { $0.stalled?.report = report }
            context.board.event(
                .alert, phase: .train,
                "the training stands still: \(words)"
                    + (report.map { "; where it stands: \($0)" } ?? ""),
                details: ["level": "error"])
        }

        /// - Returns: the file's name; nil where it cannot be written.
        private func write(_ text: String) async -> String? {
            let logs = context.job.directories.logs
            guard !Task.isCancelled else { return nil }
            let mode: mode_t = context.call == .ofJob ? 0o644 : 0o600
            return await offTaskThreads {
                for number in 1...StallMonitor.mostReports {
                    let name = BucketLayout.stallReport(number)
                    guard !exists(logs + "/" + name) else { continue }
                    try? AtomicFile.write(Data(text.utf8), to: logs + "/" + name, mode: mode)
                    return exists(logs + "/" + name) ? name : nil
                }
                return nil
            }
        }

        private func resumed(after seconds: Double) {
            context.board.event(
                .note, phase: .train,
                "the training goes on after it stood still for \(TimeSpan(seconds: seconds))")
            clear()
        }

        private func clear() { context.board.update { $0.stalled = nil } }

        private mutating func act() {
            hasActed = true
            switch context.job.onStall {
            case .report, nil: return
            case .restart: context.endStalledTrainer()
            case .stop: context.stopStalled()
            }
        }
    }
}
