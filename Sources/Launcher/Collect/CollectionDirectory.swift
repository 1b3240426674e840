import Shared

/// The folder that `finish` downloads into: `TIMESTAMP_CODE_DATASET`.
struct CollectionDirectory: Sendable {
    let context: Context
    let folder: RunFolder

    /// The folder of this run, made where it is not there yet; remembered in the record first, so
    /// that a finish that was killed goes on in the same place.
    ///
    /// - Throws: `Failure` naming `--destination` where it cannot take the output.
    func prepare(
        _ record: inout RunRecord, destination: String, bytes: Int64
    ) throws -> String {
        if let former = record.collection, isDirectory(former) {
            try checkSpace(former, bytes: bytes - TreeSize(of: former).bytes)
            return former
        }
        let parent = StoreURL.absolutePath(destination)
        try check(parent, given: destination)
        try checkSpace(parent, bytes: bytes)
        let name = "\(timestamp(context.now()))_\(record.run.codeName)_\(record.run.datasetName)"
        let path = parent + "/" + name
        record.collection = path
        try folder.write(record)
        guard mkdir(path, 0o755) == 0 else {
            throw systemFailure("--destination: cannot make \(quoted(path))")
        }
        return path
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
        let real = realPath(parent) ?? parent
        let own = realPath(folder.path) ?? folder.path
        guard real != own, !real.hasPrefix(own + "/") else {
            throw Failure.usage(
                "--destination \(quoted(given)) lies in the run's own folder, which is removed",
                hint: "give a directory elsewhere")
        }
    }

    private func checkSpace(_ directory: String, bytes: Int64) throws {
        var information = statvfs()
        guard bytes > 0, statvfs(directory, &information) == 0 else { return }
        let free = Int64(information.f_bavail) * Int64(information.f_frsize)
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
