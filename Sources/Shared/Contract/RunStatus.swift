/// `run/status.json`: where a run is. Written by the agent, read by everybody else.
package struct RunStatus: VersionedDocument, Equatable {
    package static let currentVersion = 1
    package static let isStrict = false

    /// One phase's times and end, for the live view and the report.
    package struct PhaseRecord: Codable, Sendable, Equatable {
        package enum State: OpenEnum {
            case running, succeeded, failed, skipped
            /// A state that only a later version has.
            case unknown(String)

            package static let allCases: [State] = [.running, .succeeded, .failed, .skipped]

            package var rawValue: String {
                switch self {
                case .running: "running"
                case .succeeded: "succeeded"
                case .failed: "failed"
                case .skipped: "skipped"
                case .unknown(let name): name
                }
            }
        }
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
        /// The most that one sync has moved, and how fast the syncs were that moved much; nil before
        /// there was one.
        package var largestBytes: Int64?
        package var bytesPerSecond: Double?
        /// Paths that went up as `.partial` since their writer died.
        package var partialFiles: [String] = []
        /// The first few paths that cannot go up at all, with the reason.
        package var skippedFiles: [String] = []
        /// How many of those hold anything of their own; the list can be shorter. nil for none.
        package var skippedCount: Int?
        /// Files of which no version could be taken whole for two intervals, since they are written
        /// to all the time, with the age of the last whole one; nil for none.
        package var waitingFiles: [String]?
        /// The first few paths that the last sync could not bring up.
        package var missingFiles: [String] = []
        /// The first few objects below `output/` and `logs/` that this run did not put there.
        ///
        /// nil before the final sync, and from agents that do not look.
        package var foreignFiles: [String]?
        /// What the training wrote into its code directory; nil where that is nothing.
        package var stray: StrayFiles?
        /// The training is over and `output/` holds nothing; nil where it does.
        package var isOutputEmpty: Bool?
        /// The last sync was compared with the bucket's own listing.
        package var verified = false

        package init() {}

        /// Whether what a line of `skippedFiles` tells of has no content of its own: a link to a
        /// directory of the tree, a dangling link, a socket or a pipe.
        package static func holdsNothing(_ line: String) -> Bool {
            [
                " is a link to a directory", " is neither a file nor a directory",
                " is a link to nothing",
            ].contains(where: line.hasSuffix)
        }
    }

    /// Files that the training wrote beside its output directory.
    package struct StrayFiles: Codable, Sendable, Equatable {
        /// A path below the code directory, and its size in bytes.
        package struct File: Codable, Sendable, Equatable {
            package var path: String
            package var bytes: Int64

            package init(path: String, bytes: Int64) {
                self.path = path
                self.bytes = bytes
            }

            package var text: String { "\(path) (\(readable(bytes: bytes)))" }
        }

        /// Of all of them, those left behind included.
        package var files = 0
        package var bytes: Int64 = 0
        /// The largest few.
        package var largest: [File] = []
        /// How many are beyond `--stray` and do not go up.
        package var leftFiles = 0
        package var leftBytes: Int64 = 0
        /// The largest few of those.
        package var left: [File] = []
        /// They go up below `stray/`; false by hand, where the code directory is the user's own.
        package var isKept: Bool

        package init(isKept: Bool) { self.isKept = isKept }
    }

    /// A training that stands still.
    package struct Stall: Codable, Sendable, Equatable {
        /// When it was last seen to move.
        package var since: Date
        /// Where its processes stand, such as `logs/stall-1.txt`; nil where that is not written.
        package var report: String?

        package init(since: Date, report: String? = nil) {
            self.since = since
            self.report = report
        }
    }

    package var version = RunStatus.currentVersion
    package var run: RunName
    package var phase: Phase = .prepare
    /// The machine that this is, from 1, and how often a trainer was started again on it and those
    /// before it; see `Attempt`.
    package var attempt = 1
    package var restarts = 0
    /// When a trainer that failed is started again; nil where none waits for that.
    package var restartAt: Date?
    /// How the trainer's failures so far went; nil where it never failed.
    package var recovery: RestartRecord?
    package var startedAt: Date
    /// The longest time, in seconds from the job's creation, where `train extend` has moved it; nil: the
    /// job's.
    package var maxDurationSeconds: Double?
    /// Older than `Heartbeat.staleAfter`, and the agent is gone.
    package var heartbeat: Date
    package var phases: [PhaseRecord] = []
    package var sync = SyncRecord()
    /// Free bytes where output is written.
    package var diskFreeBytes: Int64?
    /// What the machine was busy with a moment ago.
    package var machine: MachineLoad?
    package var warnings: [String] = []
    /// Of the trainer that runs, or ran last; nil where nothing says it.
    package var progress: TrainingProgress?
    /// nil as long as the training moves.
    package var stalled: Stall?
    package var outcome: Outcome?
    /// The machine's SSH host key, so that a login can be verified.
    package var sshHostKey: String?
    /// Of the agent and the trainer on that machine.
    package var agentPid: Int32?
    package var trainerPid: Int32?

    package var start: Attempt {
        get { Attempt(machine: attempt, restarts: restarts) }
        set { (attempt, restarts) = (newValue.machine, newValue.restarts) }
    }

    /// The next attempt counts on.
    package var objection: String? {
        if let longest = maxDurationSeconds, !Job.Bounds.maxDuration.contains(longest) {
            return "field 'max_duration_seconds' is \(longest), which no run can have"
        }
        return start.objection ?? recovery?.objection
    }

    package init(run: RunName, startedAt: Date) {
        self.run = run
        self.startedAt = startedAt
        self.heartbeat = startedAt
    }
}
