import Shared

/// Finds a training that stands still, tells where it stands, and does what the job says.
struct StallMonitor: Monitor {
    /// More reports than a person reads.
    private static let mostReports = 100
    /// A file system that answers later has its share in the stall.
    private static let patienceWithDisk: Duration = .seconds(30)

    func run(_ context: RunContext) async {
        var watch = StallWatch(context)
        // Ends when the task is cancelled at the end of the training.
        for await _ in context.progress.looks where context.stop.reason == nil {
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

        /// Judges by what the look at the training's progress just now has found.
        mutating func look() async {
            let now = clock.elapsed
            defer { last = now }
            guard let pid = context.board.status.trainerPid else {
                if context.board.status.stalled != nil { clear() }
                return
            }
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
            return await offTaskThreads { fileSize(path) }
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
            let text = await StallReport(context).text(heading)
            guard !Task.isCancelled else { return }
            let place: String
            do {
                let report = BucketLayout.logs + "/" + (try await write(text))
                context.board.update { $0.stalled?.report = report }
                place = "where it stands: \(report)"
            } catch {
                place = "where it stands is not kept: \((error as? Failure)?.summary ?? "\(error)")"
            }
            context.board.event(
                .alert, phase: .train, "the training stands still: \(words); \(place)",
                details: ["level": "error"])
        }

        /// - Returns: the file's name.
        /// - Throws: `Failure` where it cannot be written, or there are enough of them.
        private func write(_ text: String) async throws -> String {
            let logs = context.job.directories.logs
            let mode: mode_t = context.call == .ofJob ? 0o644 : 0o600
            return try await offTaskThreads {
                Result {
                    let names = (1...StallMonitor.mostReports).map(BucketLayout.stallReport)
                    guard let name = names.first(where: { !exists(logs + "/" + $0) }) else {
                        throw Failure("there are \(names.count) reports already")
                    }
                    try AtomicFile.write(Data(text.utf8), to: logs + "/" + name, mode: mode)
                    return name
                }
            }.get()
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
