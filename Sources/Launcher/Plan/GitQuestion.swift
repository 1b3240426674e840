import Shared

/// Asks git what is not committed, with a git directory of the launcher's own.
///
/// The repository's configuration can start any program (core.fsmonitor, filters, hooks, a
/// submodule's configuration), and so can the user's own together with the repository's attributes.
/// Git therefore gets a directory that holds a copy of the index, the commit and a few settings
/// without programs; of the repository it reads objects and files.
struct GitQuestion: Sendable {
    let repository: GitRepository
    let commit: String
    /// This computer's; what it holds for git is kept from git.
    let environment: [String: String]
    let runner: any CommandRunner
    /// How many repositories this one is a submodule of.
    var depth = 0

    private static let largestIndex = 1 << 30
    private static let deepest = 8
    /// Of core.*: what says how files are compared, and no program.
    private static let settings = [
        "autocrlf", "eol", "filemode", "ignorecase", "precomposeunicode", "symlinks",
    ]

    /// Whether all that lies below `path`, a directory of the work tree, is committed.
    ///
    /// A file that a filter would rewrite (Git LFS) counts as changed where its time stamp is not the
    /// index's.
    ///
    /// - Throws: `Failure` where git cannot tell.
    func isClean(below path: String) async throws -> Bool {
        guard depth < Self.deepest else { throw Failure("submodules are nested too deep") }
        let own = try TemporaryDirectory(prefix: "train-git")
        defer { own.remove() }
        try fill(own.path)
        let excludes = try await configure(own.path)
        // Git would look into a submodule with that one's configuration: `submodules` does it.
        let changes = try await ask(
            ["-c", "core.excludesFile=\(excludes)", "-C", path, "status", "--porcelain"]
                + ["--no-renames", "--ignore-submodules=all", "--", "."], own.path)
        guard changes.isEmpty else { return false }
        for (name, commit) in try await submodules(below: path, own.path) {
            guard try await isClean(submodule: path + "/" + name, at: commit) else { return false }
        }
        return true
    }

    // MARK: The git directory

    private func fill(_ own: String) throws {
        for name in ["objects", "refs", "info"] { try makeDirectories(own + "/" + name) }
        try AtomicFile.write(Data("\(commit)\n".utf8), to: own + "/HEAD")
        for name in ["info/exclude", "info/attributes"] {
            try copy(repository.common + "/" + name, to: own + "/" + name, limit: 1 << 20)
        }
        // A split index has its larger part in a second file.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: repository.directory))
        let parts = (names ?? []).filter {
            $0.wholeMatch(of: /sharedindex\.([0-9a-f]{40}|[0-9a-f]{64})/) != nil
        }
        for name in ["index"] + parts.prefix(8) {
            try copy(
                repository.directory + "/" + name, to: own + "/" + name, limit: Self.largestIndex)
        }
    }

    /// Copies a file with its time stamp, where there is one: by the index's git tells which files may
    /// have changed in the moment it was written.
    private func copy(_ source: String, to target: String, limit: Int) throws {
        var information = stat()
        guard stat(source, &information) == 0 else { return }
        try AtomicFile.write(readRegularFile(source, limit: limit), to: target, mode: 0o600)
        #if canImport(Darwin)
            let times = [information.st_mtimespec, information.st_mtimespec]
        #else
            let times = [information.st_mtim, information.st_mtim]
        #endif
        guard utimensat(AT_FDCWD, target, times, 0) == 0 else {
            throw systemFailure("cannot set the time of \(quoted(target))")
        }
    }

    /// Writes the settings of user and repository that name no program.
    ///
    /// - Returns: the user's file of ignored names.
    private func configure(_ own: String) async throws -> String {
        let pattern = "^core\\.(excludesfile|\(Self.settings.joined(separator: "|")))$"
        let look = ["config", "--null", "--type=path", "--get-regexp", pattern]
        var start = "[core]\n\tbare = false\n\tuntrackedCache = false\n"
        if commit.utf8.count == 64 {
            start += "\trepositoryFormatVersion = 1\n[extensions]\n\tobjectFormat = sha256\n"
            start += "[core]\n"
        }
        try AtomicFile.write(Data(start.utf8), to: own + "/config")
        let mine = Self.values(try await ask(look, own, isUsers: true, mayFail: true))
        let copied = own + "/theirs"
        try copy(repository.common + "/config", to: copied, limit: 1 << 20)
        let theirs =
            exists(copied)
            ? Self.values(
                try await ask(
                    look.prefix(1) + ["--file", copied, "--no-includes"] + look.dropFirst(), own,
                    mayFail: true)) : [:]
        for name in Self.settings {
            guard let value = theirs["core.\(name)"] ?? mine["core.\(name)"],
                value.wholeMatch(of: /[a-z]+/) != nil
            else { continue }
            start += "\t\(name) = \(value)\n"
        }
        try AtomicFile.write(Data(start.utf8), to: own + "/config")
        let home = environment["XDG_CONFIG_HOME"] ?? (environment["HOME"] ?? "") + "/.config"
        return mine["core.excludesfile"] ?? home + "/git/ignore"
    }

    /// Reads `KEY\nVALUE\0…`; the last of a key counts.
    private static func values(_ text: String) -> [String: String] {
        let pairs = text.split(separator: "\0").compactMap { entry -> (String, String)? in
            let parts = entry.split(separator: "\n", maxSplits: 1)
            return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
        }
        return Dictionary(pairs) { $1 }
    }

    // MARK: Submodules

    /// The paths of the submodules below `path`, from there, and the commits they should be at.
    private func submodules(
        below path: String, _ own: String
    ) async throws -> [(name: String, commit: String)] {
        let listed = try await ask(["-C", path, "ls-files", "-z", "--stage", "--", "."], own)
        return listed.split(separator: "\0").compactMap { entry in
            // `160000 HASH STAGE\tNAME`
            let parts = entry.split(separator: "\t", maxSplits: 1)
            let words = parts[0].split(separator: " ")
            guard parts.count == 2, words.count == 3, words[0] == "160000" else { return nil }
            return (String(parts[1]), String(words[1]))
        }
    }

    /// Whether a submodule is at `commit` with nothing changed; one that was never fetched is.
    private func isClean(submodule path: String, at commit: String) async throws -> Bool {
        guard !path.split(separator: "/").contains("..") else {
            throw Failure("a submodule lies outside of its repository")
        }
        guard exists(path + "/.git") else { return true }
        guard let repository = GitRepository(root: path), repository.commit() == commit else {
            return false
        }
        return try await GitQuestion(
            repository: repository, commit: commit, environment: environment, runner: runner,
            depth: depth + 1
        ).isClean(below: path)
    }

    // MARK: Running git

    /// - Parameters:
    ///   - isUsers: whether the user's own configuration is read, which is done for values alone.
    ///   - mayFail: whether a failure means an empty answer: `git config` fails where it finds none.
    private func ask(
        _ arguments: [String], _ own: String, isUsers: Bool = false, mayFail: Bool = false
    ) async throws -> String {
        var command = Command("git", arguments)
        for name in environment.keys where name.hasPrefix("GIT_") {
            command.environment[name] = .some(nil)
        }
        command.environment.merge([
            "GIT_DIR": own, "GIT_WORK_TREE": repository.root,
            "GIT_OBJECT_DIRECTORY": repository.common + "/objects",
            "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0",
        ]) { $1 }
        if !isUsers {
            command.environment.merge([
                "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null",
                "GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_NOSYSTEM": "1",
                // Before 2.32 git knows no GIT_CONFIG_GLOBAL.
                "HOME": own, "XDG_CONFIG_HOME": own,
            ]) { $1 }
        }
        let result = try await runner.run(command, timeout: .seconds(20))
        if mayFail, !result.timedOut { return result.succeeded ? result.output : "" }
        guard result.succeeded else {
            throw Failure("git cannot tell", detail: result.lastLines(3))
        }
        return result.output
    }
}
