import Shared

/// Where the launcher remembers its runs: `$XDG_STATE_HOME/train/runs`, readable to this user alone.
struct RunsDirectory: Sendable, Equatable {
    /// nil where neither XDG_STATE_HOME nor HOME is set.
    private let base: String?

    init(environment: [String: String]) {
        // The XDG specification: a relative path there is to be ignored.
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") {
            base = StoreURL.absolutePath(state + "/train")
        } else if let home = environment["HOME"], home.hasPrefix("/") {
            base = StoreURL.absolutePath(home + "/.local/state/train")
        } else {
            base = nil
        }
    }

    /// - Throws: `Failure` where nothing says where state belongs.
    func runsDirectory() throws -> String {
        guard let base else {
            throw Failure(
                "there is no place for the state of runs: HOME is not set",
                hint: "set XDG_STATE_HOME to a directory that you can write")
        }
        return base + "/runs"
    }

    func folder(of run: RunName) throws -> RunFolder {
        RunFolder(path: try runsDirectory() + "/" + run.slug)
    }

    /// What was collected here; nil where nothing says where state belongs.
    func collected() -> CollectedRuns? { base.map { CollectedRuns(path: $0 + "/collected.jsonl") } }

    /// Every run known here, newest first; a folder whose record cannot be read comes as its error.
    func all() throws -> [(folder: RunFolder, record: Result<RunRecord, Failure>)] {
        let directory = try runsDirectory()
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        let found = names.sorted().map { name in
            let folder = RunFolder(path: directory + "/" + name)
            do {
                return (
                    folder: folder, record: Result<RunRecord, Failure>.success(try folder.record())
                )
            } catch let failure as Failure {
                return (folder: folder, record: .failure(failure))
            } catch {
                return (folder: folder, record: .failure(Failure("\(error)")))
            }
        }
        return found.sorted { left, right in
            let times = [left, right].map { (try? $0.record.get().createdAt) ?? .distantPast }
            return times[0] > times[1]
        }
    }

    /// Makes the directories of the state, or takes them if they belong to this user, and closes them
    /// to all others: another user with write access could replace a run's folder.
    ///
    /// - Throws: `Failure` naming one that belongs to another user.
    func secure() throws {
        let runs = try runsDirectory()
        let own = parentDirectory(runs)
        try makeDirectories(parentDirectory(own), mode: 0o700)
        // A link of the user's own to a larger disk is followed.
        for path in [own, runs] { try OwnDirectory.make(realPath(path) ?? path) }
    }

    /// Whether a folder could be made, told without making one.
    ///
    /// - Throws: `Failure` naming the directory that cannot be written.
    func checkWritable() throws {
        var directory = try runsDirectory()
        while !exists(directory), directory != "/" { directory = parentDirectory(directory) }
        guard isDirectory(directory) else {
            throw Failure(
                "\(quoted(directory)) is a file, but the state of runs belongs below it",
                hint: "remove it, or set XDG_STATE_HOME to a directory that you can write")
        }
        guard access(directory, W_OK | X_OK) == 0 else {
            throw Failure(
                "the directory for the state of runs, \(quoted(directory)), cannot be written",
                hint: "set XDG_STATE_HOME to a directory that you can write")
        }
    }
}
