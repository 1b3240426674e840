import Shared

/// The folder of one run on the laptop, 0700.
struct RunFolder: Sendable, Equatable {
    let path: String

    var recordPath: String { path + "/run.json" }
    var job: String { path + "/job.json" }
    var code: String { path + "/code.tar.gz" }
    /// What `--env NAME` took from the laptop; 0600.
    var secrets: String { path + "/secrets.json" }
    /// What `train start` was given; 0600.
    var startWords: String { path + "/start.json" }
    /// The private half of the key pair made for the run.
    var sshKey: String { path + "/ssh_key" }
    /// The key that the machine must show.
    var knownHosts: String { path + "/known_hosts" }
    /// The local cloud's VM.
    var machine: String { path + "/machine" }
    /// The local cloud's bucket for output, where the user named none.
    var bucket: String { path + "/bucket" }
    /// What the local agent says on stdout and stderr.
    var agentOutput: String { machine + "/agent.out" }

    /// The end of that, for a failure's detail.
    var lastWordsOfAgent: String? { LogTail.lastLines(5, of: agentOutput).map(harmless) }

    /// Where Terraform leaves its state when it cannot send it to the bucket (its local backend's
    /// backend_apply.go): the only true one then.
    var unsavedState: String { path + "/" + TerraformDriver.unsavedState }

    var exists: Bool { isDirectory(path) }

    /// - Throws: `Failure` naming the file and the field that is wrong.
    func record() throws -> RunRecord {
        try JSONFormat.decode(RunRecord.self, from: readFile(recordPath), name: recordPath)
    }

    /// Keeps what a start was given, by option, for `train branch`.
    func write(words: [String: [String]]) throws {
        try AtomicFile.write(JSONFormat.encode(words), to: startWords, mode: 0o600)
    }

    /// What that start was given; nil for a run that an older version or another computer started.
    func words() throws -> [String: [String]]? {
        guard Shared.exists(startWords) else { return nil }
        return try JSONFormat.decoder().decode(
            [String: [String]].self, from: readRegularFile(startWords, limit: 4 << 20))
    }

    func write(_ record: RunRecord) throws {
        try AtomicFile.write(JSONFormat.encode(record), to: recordPath, mode: 0o600)
    }

    /// Removes the folder and all it holds.
    ///
    /// The record goes last: a removal that is killed half-way is then still known and can go on.
    ///
    /// - Throws: `Failure` also where what is in the folder alone tells what costs money.
    func remove() throws {
        guard !Shared.exists(unsavedState) else {
            throw Failure(
                "\(quoted(path)) stays: a state of Terraform's in it never reached its bucket",
                hint: "once the bucket can be reached, train finish goes on from it")
        }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        for name in names where path + "/" + name != recordPath {
            try removeTree(path + "/" + name)
        }
        try removeTree(path)
    }

    /// pip and trainers leave read-only directories, which no removal enters: those become ours.
    private func removeTree(_ place: String) throws {
        if (try? FileManager.default.removeItem(atPath: place)) != nil { return }
        makeWritable(place)
        try? FileManager.default.removeItem(atPath: place)
        guard !Shared.exists(place) else {
            throw Failure(
                "\(quoted(place)) cannot be removed",
                hint: "remove it by hand, then call this again")
        }
    }

    private func makeWritable(_ place: String) {
        var information = stat()
        guard lstat(place, &information) == 0, information.st_mode & S_IFMT == S_IFDIR else {
            return
        }
        chmod(place, 0o700)
        for name in (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? [] {
            makeWritable(place + "/" + name)
        }
    }
}
