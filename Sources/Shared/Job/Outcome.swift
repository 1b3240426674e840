/// How a run ended.
///
/// The trainer's exit status and our own phase are separate fields: a person must see at once
/// whether the user's code failed or the engine did (buildkite, dstack).
package struct Outcome: Codable, Sendable, Equatable {
    package enum Kind: String, Codable, Sendable, CaseIterable {
        case succeeded
        /// The trainer ended with a status other than 0, or by a signal that nobody here sent.
        case failed
        /// Somebody asked for it: `train stop`, SIGTERM, SIGINT.
        case stopped
        case deadline
        case preempted
        /// A phase before the training failed; the user's `main` never ran.
        case setupFailed = "setup_failed"
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

    package init(
        kind: Kind, phase: Phase, exitStatus: Int32? = nil, signal: Int32? = nil, message: String,
        lastLines: String? = nil
    ) {
        self.kind = kind
        self.phase = phase
        self.exitStatus = exitStatus
        self.signal = signal
        self.message = message
        self.lastLines = lastLines
    }

    /// What `train-agent run` exits with: 0, the trainer's own status, 128+n, or 125.
    package var processExitStatus: Int32 {
        switch kind {
        case .succeeded: ExitCode.ok.rawValue
        case .setupFailed: ExitCode.setupFailed.rawValue
        case .failed, .stopped, .deadline, .preempted:
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
