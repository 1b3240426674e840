import Shared

/// What every computer that knows a run knows of it: in `run.json` of the launcher's folder and in
/// `run.json` of the team's bucket, among each one's other keys.
struct RunFacts: Codable, Sendable, Equatable {
    var run: RunName
    var stage = RunRecord.Stage.starting
    var createdAt: Date
    /// Of the launcher that started it.
    var engineVersion = EngineVersion.current
    /// What the training is started by; nil where it is a command of the user's own.
    var module: String?
    var dataset: String
    var transferTool: String?
    var syncIntervalSeconds: Double = 60
    var transferTimeoutSeconds: Double = 120
    /// The rented machine, once it is made.
    var machine: Machine?
    /// Where a rented machine may be made: in any of these something can be left.
    var zones: [String]?
    /// Says which computer is starting the run; in the bucket, and where the run was attached.
    var startLease: StartLease?

    init(run: RunName, createdAt: Date, module: String?, dataset: String) {
        self.run = run
        self.createdAt = createdAt
        self.module = module
        self.dataset = dataset
    }

    /// Both become waits, and so must be numbers that a clock can count to.
    var objection: String? {
        let seconds = [
            ("sync_interval_seconds", syncIntervalSeconds),
            ("transfer_timeout_seconds", transferTimeoutSeconds),
        ]
        for (name, value) in seconds where !(value > 0 && value <= 1e9) {
            return "field '\(name)' is \(value), not a positive number of seconds"
        }
        return nil
    }
}
