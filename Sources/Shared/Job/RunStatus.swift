/// `run/status.json`: where a run is. Written by the agent, read by everybody else.
package struct RunStatus: VersionedDocument, Equatable {
    package static let currentVersion = 1

    /// One phase's times and end, for the live view and the report.
    package struct PhaseRecord: Codable, Sendable, Equatable {
        package enum State: String, Codable, Sendable { case running, succeeded, failed, skipped }
        package var phase: Phase
        package var state: State
        package var startedAt: Date
        package var endedAt: Date?
        package var message: String?

        package init(
            phase: Phase, state: State, startedAt: Date, endedAt: Date? = nil,
            message: String? = nil
        ) {
            self.phase = phase
            self.state = state
            self.startedAt = startedAt
            self.endedAt = endedAt
            self.message = message
        }
    }

    /// What of the output is safe, and since when some of it is not.
    package struct SyncRecord: Codable, Sendable, Equatable {
        /// Of the newest manifest in the bucket.
        package var generation = 0
        package var lastSuccessAt: Date?
        /// Since when something on the machine is not in the bucket; nil when all is.
        package var unsyncedSince: Date?
        package var lastError: String?
        package var consecutiveFailures = 0
        package var files = 0
        package var bytes: Int64 = 0
        /// Paths that went up as `.partial` since their writer died.
        package var partialFiles: [String] = []
        /// The first few paths that cannot go up at all, with the reason.
        package var skippedFiles: [String] = []
        /// The first few paths that the last sync could not bring up.
        package var missingFiles: [String] = []
        /// The last sync was compared with the bucket's own listing.
        package var verified = false

        package init() {}
    }

    package var version = RunStatus.currentVersion
    package var run: RunName
    package var phase: Phase = .prepare
    package var attempt = 1
    /// Restarts of the trainer within this attempt.
    package var restarts = 0
    package var startedAt: Date
    /// Newer than a few intervals, or the agent is gone.
    package var heartbeat: Date
    package var phases: [PhaseRecord] = []
    package var sync = SyncRecord()
    /// Free bytes where output is written.
    package var diskFreeBytes: Int64?
    package var warnings: [String] = []
    package var outcome: Outcome?
    /// Of the machine's sshd, so that nobody has to trust blindly.
    package var sshHostKey: String?
    /// Of the agent and the trainer on that machine.
    package var agentPid: Int32?
    package var trainerPid: Int32?

    /// The next attempt counts on.
    package var objection: String? {
        for (name, number) in [("attempt", attempt), ("restarts", restarts)]
        where !(0...1_000_000_000).contains(number) {
            return "field '\(name)' is \(number), which no run reaches"
        }
        return nil
    }

    package init(run: RunName, startedAt: Date) {
        self.run = run
        self.startedAt = startedAt
        self.heartbeat = startedAt
    }
}
