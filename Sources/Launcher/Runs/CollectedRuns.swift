import Shared

/// What this computer has collected, and where it lies: `$XDG_STATE_HOME/train/collected.jsonl`.
///
/// A run's own folder goes with `finish`; by these lines logs and events of a finished run are still
/// found under its name.
struct CollectedRuns: Sendable {
    /// One collected run.
    struct Entry: Codable, Sendable, Equatable {
        var run: RunName
        /// `TIMESTAMP_CODE_DATASET`, an absolute path.
        var directory: String
        var createdAt: Date
        var collectedAt: Date
    }

    let path: String

    /// Adds a line; one that cannot be written costs nothing but this.
    func add(_ entry: Entry) {
        guard entries().last != entry, let line = try? JSONFormat.line(entry) else { return }
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        try? AtomicFile.writeAll(line, to: descriptor, path: path)
    }

    /// Those whose folder is still there, newest first, each folder once.
    func present() -> [Entry] {
        var seen = Set<String>()
        return entries().reversed().filter { entry in
            seen.insert(entry.directory).inserted && isDirectory(entry.directory)
        }
    }

    /// The newest one that fits; one whose folder is gone, only where no other does.
    func find(_ address: RunAddress) throws -> Entry? {
        let names = try address.expanded()
        let fitting = entries().reversed().filter { names.fits($0.run) }
        return fitting.first { isDirectory($0.directory) } ?? fitting.first
    }

    private func entries() -> [Entry] {
        let decoder = JSONFormat.decoder()
        let data = (try? readRegularFile(path, limit: 64 << 20)) ?? Data()
        return data.split(separator: 0x0A).compactMap {
            try? decoder.decode(Entry.self, from: Data($0))
        }
    }
}
