import Shared

/// The folder that `finish` downloads into: `TIMESTAMP_CODE_DATASET`.
struct DownloadDirectory: Sendable {
    let context: Context
    let folder: RunFolder

    /// The folder of this run, made where it is not there yet; a finish that was killed goes on in
    /// the same place.
    ///
    /// It comes into being under a name of the run's own, is remembered, and gets its final name by
    /// a rename that takes no folder with anything in it: two runs that are finished within one
    /// second never share one, and whatever moment a kill chooses, nothing is left behind.
    ///
    /// - Throws: `Failure` naming `--destination` where it cannot take the output.
    func prepare(
        _ record: inout RunRecord, destination: String, bytes: Int64
    ) throws -> String {
        if let former = record.collection {
            let nascent = nascent(of: record.run, in: parentDirectory(former))
            if !exists(nascent), isRealDirectory(former), !isElsewhere(destination, than: former) {
                let size = TreeSize(of: former)
                try refuseLink(size.firstLink)
                try checkSpace(former, bytes: bytes - size.bytes)
                return former
            }
            discard(nascent)
        }
        let parent = StoreURL.absolutePath(destination)
        try check(parent, given: destination)
        try refuseBucket(parent, of: record, given: destination)
        try checkSpace(parent, bytes: bytes)
        return try make(in: parent, &record)
    }

    /// A disk that was too small is left by giving another; without that flag a call goes on from
    /// wherever it is made.
    private func isElsewhere(_ destination: String, than former: String) -> Bool {
        let parent = StoreURL.absolutePath(destination)
        let known = parentDirectory(former)
        return destination != FinishArguments().destination
            && realPath(parent) ?? parent != realPath(known) ?? known
    }

    private func make(in parent: String, _ record: inout RunRecord) throws -> String {
        let nascent = nascent(of: record.run, in: parent)
        do {
            record.collection = nascent
            try folder.write(record)
            try makeNascent(nascent)
            let name =
                "\(timestamp(context.now()))_\(record.run.codeName)_\(record.run.datasetName)"
            var number = 1
            while true {
                let path = "\(parent)/\(name)" + (number == 1 ? "" : "-\(number)")
                number += 1
                // Somebody's empty folder would be replaced.
                if exists(path) { continue }
                record.collection = path
                try folder.write(record)
                if rename(nascent, path) == 0 {
                    AtomicFile.syncDirectory(parent)
                    return path
                }
                guard [ENOTEMPTY, EEXIST, ENOTDIR].contains(errno) else {
                    throw systemFailure("--destination: cannot make \(quoted(path))")
                }
            }
        } catch {
            discard(nascent)
            throw error
        }
    }

    /// What the folder is called before it has its own name.
    private func nascent(of run: RunName, in parent: String) -> String {
        "\(parent)/.train-finish-\(run.slug)"
    }

    /// With directories in it: only an empty one can be taken by another's rename.
    private func makeNascent(_ path: String) throws {
        if mkdir(path, 0o755) != 0 {
            let code = errno
            var information = stat()
            guard code == EEXIST, lstat(path, &information) == 0,
                information.st_mode & S_IFMT == S_IFDIR, information.st_uid == geteuid()
            else {
                throw systemFailure("--destination: cannot make \(quoted(path))", code: code)
            }
        }
        for tree in Self.trees { try makeDirectories("\(path)/\(tree)") }
    }

    /// What each download has, whether or not anything is in it.
    static let trees = [BucketLayout.output, BucketLayout.logs, BucketLayout.run]
    /// And what few runs have.
    static let allTrees = trees + [BucketLayout.stray]

    /// Only where nothing is in it.
    private func discard(_ nascent: String) {
        for tree in Self.trees { rmdir("\(nascent)/\(tree)") }
        rmdir(nascent)
    }

    /// Not a link to one: another user's link would lead the output elsewhere.
    private func isRealDirectory(_ path: String) -> Bool {
        var information = stat()
        return lstat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
    }

    /// No tool in use makes links, and all of them would write through one.
    private func refuseLink(_ link: String?) throws {
        guard let link else { return }
        throw Failure(
            "\(quoted(link)), in the folder of a former finish, is a link; the download could "
                + "follow it to anywhere",
            hint: "remove it, then call this again")
    }

    /// The run's bucket goes at the end as well, where it is a directory here.
    private func refuseBucket(_ parent: String, of record: RunRecord, given: String) throws {
        let bucket = try StoreURL(parsing: record.output)
        guard bucket.scheme == "file" else { return }
        try refuse(parent, in: bucket.path, given: given, called: "the run's own bucket")
    }

    private func check(_ parent: String, given: String) throws {
        do {
            try makeDirectories(parent)
        } catch let failure as Failure {
            throw Failure(
                "--destination \(quoted(given)): \(failure.summary)",
                hint: "give a directory that you can write: --destination DIRECTORY")
        }
        guard isDirectory(parent), access(parent, W_OK | X_OK) == 0 else {
            throw Failure(
                "--destination \(quoted(given)) cannot be written",
                hint: "give a directory that you can write: --destination DIRECTORY")
        }
        // The run's own folder goes at the end, and whatever lies in it.
        try refuse(parent, in: folder.path, given: given, called: "the run's own folder")
    }

    private func refuse(
        _ parent: String, in place: String, given: String, called name: String
    ) throws {
        let real = realPath(parent) ?? parent
        let own = realPath(place) ?? place
        guard real != own, !real.utf8.starts(with: "\(own)/".utf8) else {
            throw Failure.usage(
                "--destination \(quoted(given)) lies in \(name), which is removed",
                hint: "give a directory elsewhere")
        }
    }

    private func checkSpace(_ directory: String, bytes: Int64) throws {
        guard bytes > 0, let free = FreeSpace.bytes(at: directory) else { return }
        guard free > bytes else {
            throw Failure(
                "--destination: the output needs \(readable(bytes: bytes)), but only "
                    + "\(readable(bytes: free)) are free in \(quoted(directory))",
                hint: "free some space, or give another directory: --destination DIRECTORY")
        }
    }

    /// `20260131-120509` in the laptop's time zone.
    private func timestamp(_ date: Date) -> String {
        var seconds = time_t(date.timeIntervalSince1970)
        var parts = tm()
        localtime_r(&seconds, &parts)
        func digits(_ number: Int32, _ count: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        let day =
            digits(parts.tm_year + 1900, 4) + digits(parts.tm_mon + 1, 2) + digits(parts.tm_mday, 2)
        let time = digits(parts.tm_hour, 2) + digits(parts.tm_min, 2) + digits(parts.tm_sec, 2)
        return "\(day)-\(time)"
    }
}
