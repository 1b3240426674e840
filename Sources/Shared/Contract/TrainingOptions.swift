/// Everything that is a property of a training, on whatever machine it runs.
///
/// `train start` and `train-agent run` hold one each and take their flags from this one table, so
/// that neither has an option that the other lacks. docs/adding-an-option.md says how to add one.
package struct TrainingOptions: CommandArguments, Equatable {
    /// What `python -m` runs; nil where the code's only one is meant.
    package var module: String?
    /// The text of a `CommandTemplate`, in place of a module and its arguments.
    package var command: String?
    /// `NAME=VALUE`, or `NAME` alone for a secret from the environment of whoever starts the run.
    package var environment: [String] = []
    /// Of which Python the environment is made; nil: the agent looks.
    package var python: String?
    package var noObserve = false
    package var maxDuration = MaximumDuration.never
    package var maxRestarts = 0
    package var restartWait = TimeSpan(seconds: Job.defaultRestartWait)
    package var grace = TimeSpan(seconds: 20)
    package var onStall = StallAction.report
    /// nil: the pace so far says it.
    package var stallAfter: TimeSpan?
    package var syncInterval = TimeSpan(seconds: 60)
    package var exclude: [String] = []
    package var mirror = false
    package var keepLast: Int?
    package var maxStaleness = TimeSpan(seconds: 600)
    /// Of what the training writes into its code directory.
    package var stray = ByteSize(bytes: Job.Sync.defaultStrayBytes)
    package var transferTimeout = TimeSpan(seconds: 120)
    /// nil: the store's own.
    package var transferTool: String?
    /// `NAME=REGEX`: a `MetricPattern`.
    package var metrics: [String] = []
    package var totalSteps: Int?
    /// `AlertRule`s.
    package var alerts: [String] = []
    /// Of the machine, in whatever currency the user counts.
    package var hourlyPrice: Double?
    /// In the same currency; what becomes of it is `cost`.
    package var maxCost: Double?
    /// What `limitByCost` made of `maxCost`; nil before, and where nothing limits the cost.
    package var cost: CostLimit?
    /// A secret: it reaches the agent as those of `--env` do, and never stands in the job.
    package var webhook: String?
    /// For the user's `main` where there is output to go on from, an argument each.
    package var resumeArguments: [String] = []
    /// For the user's `main`.
    package var arguments: [String] = []

    package init() {}

    package static var options: [Option<Self>] {
        trainerOptions.grouped("the training") + reportOptions.grouped("what is told of it")
            + syncOptions.grouped("what is kept, and how")
    }

    /// The table as rows of a command whose arguments hold the options at `path`.
    package static func options<Outer>(at path: Option<Outer>.Path<Self>) -> [Option<Outer>] {
        options.map { $0.embedded(at: path) }
    }

    private static var trainerOptions: [Option<Self>] {
        [
            .text(
                "--module", "module", \.module,
                "What python -m runs; else the one package whose main.py has a main."
            ).from(.anyFile).replacing("--command"),
            .text(
                "--command", "line", \.command,
                "A shell line instead: 'python train.py -o {output_directory}'."
            ).common().from(.announced).replacing("--module", "--resume_argument", "arguments"),
            .repeated(
                "--env", "name=value", \.environment,
                "A variable; NAME alone passes on yours as a secret."
            ).common().from {
                $0.contains("=")
                    ? .anyFile
                    : .userFile(because: "takes a variable out of your environment")
            },
            .parsed(
                "--python", "path", \.python, "The machine's Python to use; else the agent looks.",
                expects: "an absolute path on the machine, or a name such as python3.11"
            ) { Job.isProgram($0) ? $0 : nil }.from(.announced),
            .flag(
                "--no_observe", \.noObserve, "Looks at no optimizer: no steps, no tuning of it."
            ).from(.anyFile),
            .parsed(
                "--max_duration", "time", \.maxDuration,
                "Stops the training after this long, or never.",
                expects: MaximumDuration.expectation
            ) { MaximumDuration($0) }.common().from {
                $0 == "never"
                    ? .userFile(because: "lets the machine cost money without an end") : .announced
            },
            .parsed(
                "--max_cost", "amount", \.maxCost,
                "Stops it before the machine has cost this much.",
                expects: "an amount of money such as 20 or 12.50"
            ) { text in
                Double(text).flatMap { CostLimit.amounts.contains($0) ? $0 : nil }
            }.common().from(.announced),
            .count(
                "--max_restarts", \.maxRestarts,
                "Restarts of a failing trainer that makes no progress.",
                in: Job.Bounds.maxRestarts
            ).common().from(.announced),
            .duration(
                "--restart_wait", \.restartWait,
                "Before the first restart; doubles without progress.",
                in: Job.Bounds.restartWait
            ).from(.anyFile),
            .duration(
                "--grace_seconds", \.grace, "For the trainer to stop when it is asked to.",
                in: Job.Bounds.grace
            ).from(.anyFile),
            .repeated(
                "--resume_argument", "text", \.resumeArguments,
                "Goes to your main where there is output to resume.",
                expects: "an argument such as --resume_from_checkpoint={output_directory}"
            ) { !$0.isEmpty && !$0.unicodeScalars.contains("\u{0}") }
            .takingDashes().from(.anyFile),
            .parsed(
                "--on_stall", "action", \.onStall,
                "A training that stands still: report, restart or stop.",
                expects: "report, restart or stop"
            ) { StallAction(rawValue: $0) }
            .completing(.oneOf(StallAction.allCases.map(\.rawValue))).from(.announced),
            .parsed(
                "--stall_after", "time", \.stallAfter,
                "So long without a step is a stall; else the pace so far says it.",
                expects: TimeSpan.expectation(in: Job.Bounds.stallAfter)
            ) { text in
                TimeSpan(text).flatMap { Job.Bounds.stallAfter.contains($0.seconds) ? $0 : nil }
            }.from(.anyFile),
            .rest("arguments", \.arguments, "Go to your main as they are.").from(.anyFile),
        ]
    }

    private static var reportOptions: [Option<Self>] {
        [
            .repeated(
                "--metric", "name=regex", \.metrics,
                "A curve from train.log: the regex's first group is the value.",
                expects: MetricPattern.expectation
            ) { MetricPattern($0) != nil }.from(.anyFile),
            .repeated(
                "--alert", "rule", \.alerts, "Tells once when a curve is so: nan, 'loss > 5'.",
                expects: AlertRule.expectation
            ) { AlertRule($0) != nil }.from(.anyFile),
            .text(
                "--webhook", "url", \.webhook,
                "Alerts and the end go there: Slack, Discord, ntfy, or a program of yours."
            ).from(.userFile(because: "tells another place what the training says")),
            .count(
                "--total_steps", \.totalSteps, "The last step, where the log does not say it.",
                in: Job.Bounds.totalSteps
            ).from(.anyFile),
            .parsed(
                "--hourly_price", "price", \.hourlyPrice,
                "Of the machine, for the receipt and --max_cost.",
                expects: "a price such as 2.48"
            ) { text in
                Double(text).flatMap { Job.Bounds.hourlyPrice.contains($0) ? $0 : nil }
            }.from(.anyFile),
        ]
    }

    private static var syncOptions: [Option<Self>] {
        [
            .duration(
                "--sync_interval_seconds", \.syncInterval, "Between two syncs.",
                in: Job.Bounds.syncInterval
            ).from(.anyFile),
            .repeated(
                "--exclude", "pattern", \.exclude,
                "Stays on the machine; * in a name, ** across."
            ).from(.anyFile),
            .flag(
                "--mirror", \.mirror, "Deletes in the bucket what the trainer deleted."
            ).from(.anyFile),
            .count(
                "--keep_last", \.keepLast, "Keeps this many newest checkpoints, and the best.",
                in: Job.Bounds.keepLast
            ).from(.anyFile),
            .duration(
                "--max_staleness", \.maxStaleness, "After it a file is copied while written.",
                in: Job.Bounds.maxStaleness
            ).from(.anyFile),
            .parsed(
                "--stray", "size", \.stray, "So much of what is written beside the code goes up.",
                expects: ByteSize.expectation
            ) { ByteSize($0) }.from(.anyFile),
            .duration(
                "--transfer_timeout", \.transferTimeout, "Ends a transfer that stands still.",
                in: Job.Bounds.transferTimeout
            ).from(.anyFile),
            .text("--transfer_tool", "tool", \.transferTool, "What moves the bytes.")
                .completing(.oneOf(StoreRegistry.tools)).from(.announced),
        ]
    }

    /// Puts every option into the job, module or command only where one is named.
    ///
    /// Secrets (`--env NAME`) are left out: a job is readable to more than the run.
    ///
    /// - Throws: `Failure` with exit code 2 where `--env` holds no variable, or `--max_cost` has no
    ///   price.
    package func apply(to job: inout Job) throws {
        if let named { job.code.entry = named }
        job.code.arguments = arguments
        job.code.resumeArguments = resumeArguments.isEmpty ? nil : resumeArguments
        job.environment = try EnvironmentFlag.variables(environment)
        job.observe = noObserve ? false : nil
        job.python = python
        var limited = self
        try limited.limitByCost()
        job.maxDurationSeconds = limited.maxDuration.limit?.seconds
        job.cost = limited.cost
        job.maxRestarts = maxRestarts
        job.restartWaitSeconds =
            restartWait.seconds == Job.defaultRestartWait ? nil : restartWait.seconds
        job.graceSeconds = grace.seconds
        job.onStall = onStall == .report ? nil : onStall
        job.stallAfterSeconds = stallAfter?.seconds
        job.metrics = metrics.isEmpty ? nil : metrics
        job.alerts = alerts.isEmpty ? nil : alerts
        if let webhook {
            // The value is a secret: no message repeats it.
            guard ["https://", "http://"].contains(where: webhook.hasPrefix),
                webhook.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
            else {
                throw Failure.usage("--webhook is no address that begins with https:// or http://")
            }
            job.webhook = true
        }
        job.totalSteps = totalSteps
        job.hourlyPrice = hourlyPrice
        job.sync.intervalSeconds = syncInterval.seconds
        job.sync.exclude = exclude
        job.sync.mirror = mirror
        job.sync.keepLast = keepLast
        job.sync.maxStalenessSeconds = maxStaleness.seconds
        job.sync.strayBytes = stray.bytes == Job.Sync.defaultStrayBytes ? nil : stray.bytes
        job.sync.transferTimeoutSeconds = transferTimeout.seconds
        job.sync.transferTool = transferTool
    }
}
