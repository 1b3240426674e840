/// `run/capsule.json`: what it takes to do this run again.
package struct Capsule: VersionedDocument, Equatable {
    package static let currentVersion = 1
    package static let isStrict = false

    package struct Dataset: Codable, Sendable, Equatable {
        package var source: String
        package var files: Int
        package var bytes: Int64
        /// SHA-256 over the sorted lines `path size`: content is not read again for it.
        package var digest: String?

        package init(source: String, files: Int, bytes: Int64, digest: String?) {
            self.source = source
            self.files = files
            self.bytes = bytes
            self.digest = digest
        }
    }

    package var version = Capsule.currentVersion
    package var run: RunName
    /// What `python -m` ran; nil where there was a command.
    package var module: String?
    /// The line that bash ran, as the user wrote it.
    package var command: String?
    package var arguments: [String] = []
    package var codeSha256: String?
    package var gitCommit: String?
    package var python: String?
    /// The lines of `pip freeze` in the run's virtual environment.
    package var packages: [String] = []
    package var gpus: [String] = []
    package var driver: String?
    /// Such as `Debian GNU/Linux 12 (bookworm)`.
    package var operatingSystem: String?
    /// The machine's image as the cloud resolved it, such as `ami-0abc…`: names of families move on.
    package var image: String?
    package var dataset: Dataset?
    /// The user's own patterns for curves from the log.
    package var metrics: [String]?
    /// Of the machine, in the user's currency, where it was said.
    package var hourlyPrice: Double?
    /// What the run goes on from.
    package var parent: ParentRun?
    package var startedAt: Date
    package var endedAt: Date?

    package init(run: RunName, module: String?, command: String? = nil, startedAt: Date) {
        self.run = run
        self.module = module
        self.command = command
        self.startedAt = startedAt
    }
}
