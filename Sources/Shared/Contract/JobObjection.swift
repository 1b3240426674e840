extension Job {
    /// What each number of a job may be, for the flags and for a job that comes in a file; times are
    /// in seconds. A number that no clock can count to would be no end at all.
    package enum Bounds {
        package static let syncInterval = 0.05...86_400.0
        package static let grace = 0.0...3600.0
        package static let maxStaleness = 0.0...TimeSpan.maximumSeconds
        package static let transferTimeout = 0.1...TimeSpan.maximumSeconds
        package static let finalSyncTimeout = 0.1...TimeSpan.maximumSeconds
        package static let maxDuration = 0.1...TimeSpan.maximumSeconds
        /// Shorter than a look of the agent's at a slow disk would be an alarm of its own making.
        package static let stallAfter = 1.0...TimeSpan.maximumSeconds
        package static let maxRestarts = 0...1000
        package static let restartWait = 0.0...300.0
        package static let keepLast = 1...1_000_000
        package static let totalSteps = 1...1_000_000_000_000
        package static let hourlyPrice = 0.0...1_000_000.0
    }

    /// What a well-formed job can still get wrong.
    package var objection: String? {
        objectionToNode ?? objectionToDirectories ?? objectionToCode ?? objectionToPip
            ?? objectionToPython ?? objectionToNumbers
    }

    /// The file's name becomes one on the machine, and pip reads it.
    private var objectionToPip: String? {
        guard let pip,
            fileName(of: pip.source).wholeMatch(of: /pip-[0-9.]+-py3-none-any\.whl/) == nil
        else { return nil }
        return "field 'pip.source' is \(quoted(pip.source)), not a wheel of pip"
    }

    /// It is started as a program.
    private var objectionToPython: String? {
        guard let python, !Self.isProgram(python) else { return nil }
        return "field 'python' is \(quoted(python)), neither an absolute path nor a program's name"
    }

    /// Whether a text is an absolute path or a name that PATH is searched for.
    package static func isProgram(_ text: String) -> Bool {
        let isPlain = text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7f }
        guard isPlain, !text.isEmpty, !text.hasPrefix("-") else { return false }
        return text.hasPrefix("/") ? !text.hasSuffix("/") : !text.contains("/")
    }

    private var namedDirectories: [(name: String, path: String)] {
        [
            ("work", directories.work), ("code", directories.code),
            ("dataset", directories.dataset), ("output", directories.output),
            ("logs", directories.logs),
        ]
    }

    /// What the sync reads may hold nothing that another part of the run writes or reads.
    private var objectionToDirectories: String? {
        for (name, path) in namedDirectories where !path.hasPrefix("/") || path.contains("\u{0}") {
            return "field 'directories.\(name)' is not an absolute path"
        }
        guard directories.output != directories.logs else {
            return "the output and logs directories are one: \(quoted(directories.logs))"
        }
        for (name, path) in namedDirectories where name == "output" || name == "logs" {
            for (other, place) in namedDirectories
            where other != name && (place + "/").hasPrefix(path + "/") {
                return "the \(name) directory \(quoted(path)) holds the \(other) directory"
            }
        }
        return nil
    }

    /// An agent that ignored the rank would write over the first machine's objects.
    private var objectionToNode: String? {
        guard let node, node != .first else { return nil }
        return "field 'node' is \(node.rank), but this version trains on one machine, node 0"
    }

    private var objectionToCode: String? {
        switch (code.module, code.command) {
        case (let module?, nil):
            guard !TrainingModule.isModuleName(module) else { return nil }
            return "field 'code.module' is \(quoted(module)), not a module name"
        case (nil, let command?):
            if let fault = CommandTemplate(command).objection {
                return "field 'code.command' \(fault)"
            }
            for (name, words) in [
                ("arguments", code.arguments), ("resume_arguments", code.resumeArguments ?? []),
            ] where !words.isEmpty {
                return "field 'code.\(name)' has no use for a command"
            }
            return nil
        case (nil, nil):
            return "there is neither 'code.module' nor 'code.command'"
        case (_?, _?):
            return "there are both 'code.module' and 'code.command'"
        }
    }

    private var objectionToNumbers: String? {
        let seconds: [(String, Double?, ClosedRange<Double>)] = [
            ("sync.interval_seconds", sync.intervalSeconds, Bounds.syncInterval),
            ("sync.max_staleness_seconds", sync.maxStalenessSeconds, Bounds.maxStaleness),
            ("sync.transfer_timeout_seconds", sync.transferTimeoutSeconds, Bounds.transferTimeout),
            (
                "sync.final_sync_timeout_seconds", sync.finalSyncTimeoutSeconds,
                Bounds.finalSyncTimeout
            ),
            ("grace_seconds", graceSeconds, Bounds.grace),
            ("max_duration_seconds", maxDurationSeconds, Bounds.maxDuration),
            ("hard_limit_seconds", hardLimitSeconds, Bounds.maxDuration),
            ("stall_after_seconds", stallAfterSeconds, Bounds.stallAfter),
            ("restart_wait_seconds", restartWaitSeconds, Bounds.restartWait),
        ]
        for case (let name, let value?, let range) in seconds where !range.contains(value) {
            return "field '\(name)' is \(value), not a number of seconds from "
                + "\(range.lowerBound) to \(range.upperBound)"
        }
        let counts: [(String, Int?, ClosedRange<Int>)] = [
            ("max_restarts", maxRestarts, Bounds.maxRestarts),
            ("sync.keep_last", sync.keepLast, Bounds.keepLast),
            ("total_steps", totalSteps, Bounds.totalSteps),
        ]
        for case (let name, let value?, let range) in counts where !range.contains(value) {
            return "field '\(name)' is \(value), not a whole number from "
                + "\(range.lowerBound) to \(range.upperBound)"
        }
        if let bytes = sync.strayBytes, bytes < 0 {
            return "field 'sync.stray_bytes' is \(bytes), which no files have"
        }
        if let hourlyPrice, !Bounds.hourlyPrice.contains(hourlyPrice) {
            return "field 'hourly_price' is \(hourlyPrice), which no machine costs"
        }
        return cost?.objection
    }
}
