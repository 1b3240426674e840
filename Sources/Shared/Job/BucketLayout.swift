/// Where things are in the output bucket. One place, since both programs must agree on it.
package enum BucketLayout {
    package static let output = "output"
    package static let logs = "logs"
    package static let run = "run"
    package static let status = "run/status.json"
    package static let events = "run/events.jsonl"
    package static let manifest = "run/manifest.json"
    package static let capsule = "run/capsule.json"
    /// The trainer's stdout and stderr, below the logs directory.
    package static let trainLog = "train.log"
    /// The agent's own, below the logs directory.
    package static let agentLog = "agent.log"
    /// What pip and install.sh said, below the logs directory.
    package static let setupLog = "setup.log"
    /// What a writer that died left half-written goes up under its name and this.
    package static let partialSuffix = ".partial"
}
