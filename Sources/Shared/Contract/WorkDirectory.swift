/// The agent's own directory of one run: what is where below `directories.work` of its job.
package struct WorkDirectory: Sendable, Equatable {
    package let path: String

    package init(_ path: String) { self.path = path }

    /// The work directory of a machine whose directories are all below `root`.
    package init(below root: String) { self.init(root + "/work") }

    /// How far the run has come: what a restarted agent reads first.
    package var journal: String { path + "/journal.json" }
    /// Held by the agent that runs here.
    package var lock: String { path + "/lock" }
    /// The files of `run/` in the bucket, before they go up.
    package var run: String { path + "/" + BucketLayout.run }
    package var status: String { path + "/" + BucketLayout.status }
    package var events: String { path + "/" + BucketLayout.events }
    package var capsule: String { path + "/" + BucketLayout.capsule }
    /// What the sync engine knows and sends.
    package var sync: String { path + "/sync" }
    /// The run's Python environment.
    package var environment: String { path + "/venv" }
    /// The package `ai_training_utils`.
    package var python: String { path + "/python" }
    /// What the trainer's keeper writes of it.
    package var trainer: String { path + "/trainer.json" }
    /// Requests that reached this machine: `ULID.json` each.
    package var control: String { path + "/control" }
    /// What the observer in each of the trainer's processes says of itself.
    package var observer: String { path + "/observer" }
    /// What lay in the code directory before the training began: a `CodeBaseline`.
    package var codeBaseline: String { sync + "/code.tsv" }
    /// The SHA-256 of the archive that was unpacked as the code.
    package var codeMark: String { path + "/code.sha256" }
    package var codeArchive: String { path + "/code.tar.gz" }
}

extension Job {
    package var work: WorkDirectory { WorkDirectory(directories.work) }
}
