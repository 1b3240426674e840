import Shared

/// What a well-formed job can still get wrong; checked before anything is done with it.
enum JobCheck {
    /// Thirty years; a number that no clock can count to would be no end at all.
    private static let mostSeconds = 1e9

    /// - Throws: `Failure` naming the field.
    static func check(_ job: Job) throws {
        let directories = job.directories
        let named = [
            ("work", directories.work), ("code", directories.code),
            ("dataset", directories.dataset), ("output", directories.output),
            ("logs", directories.logs),
        ]
        for (name, path) in named where !path.hasPrefix("/") || path.contains("\u{0}") {
            throw Failure("job: field 'directories.\(name)' is not an absolute path")
        }
        guard directories.output != directories.logs else {
            throw Failure("job: the output and logs directories are one: \(directories.logs)")
        }
        // An upload of what another part of the run writes or reads would never come to rest.
        let uploaded = [("output", directories.output), ("logs", directories.logs)]
        for (name, path) in uploaded {
            for (other, place) in named where other != name && (place + "/").hasPrefix(path + "/") {
                throw Failure(
                    "job: the \(name) directory \(quoted(path)) holds the \(other) directory",
                    hint: "choose directories that do not hold each other")
            }
        }
        guard isModuleName(job.code.module) else {
            throw Failure(
                "job: field 'code.module' is \(quoted(job.code.module)), not a module name")
        }
        let seconds = [
            ("sync.interval_seconds", job.sync.intervalSeconds),
            ("sync.transfer_timeout_seconds", job.sync.transferTimeoutSeconds),
            ("sync.final_sync_timeout_seconds", job.sync.finalSyncTimeoutSeconds),
            ("max_duration_seconds", job.maxDurationSeconds ?? 1),
        ]
        for (name, value) in seconds where !(value > 0 && value <= mostSeconds) {
            throw Failure("job: field '\(name)' is \(value), not a positive number of seconds")
        }
        let patience = [
            ("sync.max_staleness_seconds", job.sync.maxStalenessSeconds),
            ("grace_seconds", job.graceSeconds),
        ]
        for (name, value) in patience where !(value >= 0 && value <= mostSeconds) {
            throw Failure("job: field '\(name)' is \(value), not a number of seconds")
        }
    }

    /// Dotted Python identifiers.
    static func isModuleName(_ name: String) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return !parts.isEmpty
            && parts.allSatisfy { part in
                guard let first = part.first, first == "_" || first.isLetter else { return false }
                return part.allSatisfy { $0 == "_" || $0.isLetter || $0.isNumber }
            }
    }
}
