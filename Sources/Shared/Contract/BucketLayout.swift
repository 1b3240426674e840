/// Where the files of a run are in the output bucket. One place, since both programs must agree on it.
///
/// The static names are the first machine's, and of the many runs that have one alone. Every further
/// machine has all of them below a prefix of its own, so that no two agents write one object.
package struct BucketLayout: Sendable {
    /// `nodes/RANK/` for every machine but the first.
    private let prefix: String

    package init(node: NodeID) {
        prefix = node == .first ? "" : "nodes/\(node.rank)/"
    }

    /// One of the static names, as this machine has it.
    package func place(_ name: String) -> String { prefix + name }

    package static let output = "output"
    package static let logs = "logs"
    /// What the training wrote into its code directory.
    package static let stray = "stray"
    /// All that a manifest names is below one of these, in the order in which it goes up.
    package static let trees = [output, logs, stray]
    package static let run = "run"
    package static let status = "run/status.json"
    package static let events = "run/events.jsonl"
    package static let manifest = "run/manifest.json"
    package static let capsule = "run/capsule.json"
    /// Below it one object for each `ControlRequest`, called `ULID.json`.
    package static let control = "run/control"
    /// What can be tuned, below the logs directory; the trainer rewrites it.
    package static let knobs = "knobs.json"
    /// Requests and what became of them, below the logs directory; agent and trainer append to it.
    package static let tuningJournal = "tuning.jsonl"
    /// The trainer's stdout and stderr, below the logs directory.
    package static let trainLog = "train.log"
    /// Which attempt wrote which bytes of it, and when; below the logs directory.
    package static let trainLogIndex = "train_log_index.jsonl"
    /// The helper library's scalars, below the logs directory.
    package static let metrics = "metrics.jsonl"
    /// What the trainer wants a person to know, below the logs directory.
    package static let alerts = "alerts.jsonl"
    /// The observer's, below the logs directory.
    package static let observer = "observer.jsonl"
    /// Where a training stood that did not move: `stall-1.txt` and so on, below the logs directory.
    package static func stallReport(_ number: Int) -> String { "stall-\(number).txt" }
    /// What the machine was busy with, below the logs directory; the agent appends to it.
    package static let system = "system.jsonl"
    /// The agent's own, below the logs directory.
    package static let agentLog = "agent.log"
    /// What pip and install.sh said, below the logs directory.
    package static let setupLog = "setup.log"
    /// What a writer that died left half-written goes up under its name and this.
    package static let partialSuffix = ".partial"
}
