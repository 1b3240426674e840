import Shared

/// Which commit the user's code is at.
enum GitCommit {
    /// The commit's hash; nil where the code is in no repository, or in one without a commit.
    ///
    /// `+dirty` stands behind it where something below `directory` is not committed, `+unknown` where
    /// git cannot tell or is not installed. Nothing that the repository names is run.
    ///
    /// - Parameter environment: this computer's.
    static func of(
        _ directory: String, environment: [String: String], runner: any CommandRunner
    ) async -> String? {
        guard let place = realPath(directory),
            let repository = GitRepository.containing(place), let commit = repository.commit()
        else { return nil }
        let question = GitQuestion(
            repository: repository, commit: commit, environment: environment, runner: runner)
        do {
            return try await question.isClean(below: place) ? commit : commit + "+dirty"
        } catch {
            // The commit is a note in the run's record; no reason to refuse the start.
            return commit + "+unknown"
        }
    }
}
