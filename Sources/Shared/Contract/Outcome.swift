/// How a run ended.
///
/// The trainer's exit status and our own phase are separate fields: a person must see at once
/// whether the user's code failed or the engine did (buildkite, dstack).
package struct Outcome: Codable, Sendable, Equatable {
    package enum Kind: OpenEnum {
        case succeeded
        /// The trainer ended with a status other than 0, or by a signal that the engine did not send.
        case failed
        /// On request: `train stop`, SIGTERM, SIGINT.
        case stopped
        case deadline
        /// `--max_cost` is spent.
        case cost
        case preempted
        /// The training stood still, and the job says to stop it then.
        case stalled
        /// A phase before the training failed; the user's `main` never ran.
        case setupFailed
        /// A way to end that only a later version has.
        case unknown(String)

        package static let allCases: [Kind] = [
            .succeeded, .failed, .stopped, .deadline, .cost, .preempted, .stalled, .setupFailed,
        ]

        package var rawValue: String {
            switch self {
            case .succeeded: "succeeded"
            case .failed: "failed"
            case .stopped: "stopped"
            case .deadline: "deadline"
            case .cost: "cost"
            case .preempted: "preempted"
            case .stalled: "stalled"
            case .setupFailed: "setup_failed"
            case .unknown(let name): name
            }
        }
    }

    package var kind: Kind
    /// The phase that decided it.
    package var phase: Phase
    /// The trainer's exit status, where it exited.
    package var exitStatus: Int32?
    /// The signal that ended the trainer, where one did.
    package var signal: Int32?
    /// One line for a person.
    package var message: String
    /// The end of the log that tells why, where there is one.
    package var lastLines: String?
    /// What the user can do about it, where the engine knows.
    package var hint: String?

    package init(
        kind: Kind, phase: Phase, exitStatus: Int32? = nil, signal: Int32? = nil, message: String,
        lastLines: String? = nil, hint: String? = nil
    ) {
        self.kind = kind
        self.phase = phase
        self.exitStatus = exitStatus
        self.signal = signal
        self.message = message
        self.lastLines = lastLines
        self.hint = hint
    }

    /// What `train-agent run` exits with: 0, the trainer's own status, 128+n, or 125.
    package var processExitStatus: Int32 {
        switch kind {
        case .succeeded: ExitCode.ok.rawValue
        case .setupFailed: ExitCode.setupFailed.rawValue
        case .failed, .stopped, .deadline, .cost, .preempted, .stalled, .unknown:
            if let signal {
                ExitCode.signalled(signal)
            } else if let exitStatus, exitStatus != 0 {
                exitStatus
            } else {
                ExitCode.failed.rawValue
            }
        }
    }
}
