import CPosix
import Shared

/// Events of every directory below the roots, for an agent that is an ordinary user.
///
/// The kernel tells neither the process nor what happens below a directory before it is watched: a
/// new directory is watched, then listed, and a closed file found there counts as closed just now.
final class InotifySource: FileEventSource {
    let name = "inotify"
    let descriptor: Int32
    private let roots: WatchRoots
    private let writers: WriterDetector
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 8)
    /// The path of each watched directory, by the kernel's number.
    private var watched: [Int32: String] = [:]
    private var numbers: [String: Int32] = [:]
    private(set) var coversAll = true
    let knowsWriters = false
    /// Of the first walk; the first read tells them.
    private var firstNotes: [String] = []
    private static let mostListed = 200_000

    /// Watches all that is there now.
    ///
    /// - Throws: `Failure` where not even the roots can be watched.
    init(_ roots: WatchRoots, writers: WriterDetector = WriterDetector()) throws {
        self.roots = roots
        self.writers = writers
        descriptor = cposix_inotify_open()
        guard descriptor >= 0 else { throw systemFailure("inotify") }
        var batch = EventBatch()
        for root in roots.roots { pickUp(root.path, as: nil, &batch) }
        for root in roots.roots where numbers[root.path] == nil {
            throw Failure("inotify cannot watch \(quoted(root.path))")
        }
        firstNotes = batch.notes
    }

    deinit {
        close(descriptor)
        buffer.deallocate()
    }

    func next() -> EventBatch {
        var batch = EventBatch()
        batch.notes = firstNotes
        firstNotes = []
        let count = read(descriptor, buffer.baseAddress, buffer.count)
        guard count > 0 else {
            batch.isEmpty = true
            return batch
        }
        var rest = UnsafeRawBufferPointer(rebasing: buffer.prefix(count))
        while true {
            var event = cposix_file_event()
            let length = cposix_inotify_next(rest.baseAddress, rest.count, &event)
            guard length > 0 else { return batch }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(length))
            translate(event, &batch)
        }
    }

    private func translate(_ event: cposix_file_event, _ batch: inout EventBatch) {
        if event.has(CPOSIX_EVENT_OVERFLOW) {
            batch.isIncomplete = true
            // Directories made meanwhile are not watched yet.
            for root in roots.roots { pickUp(root.path, as: nil, &batch) }
            return
        }
        guard let directory = watched[event.watch] else { return }
        if event.has(CPOSIX_EVENT_UNWATCHED) { return forget(event.watch) }
        let path = "\(directory)/\(String(cString: event.name))"
        if event.has(CPOSIX_EVENT_OPENED) {
            // A scan opens directories all the time.
            if !event.has(CPOSIX_EVENT_DIRECTORY) { batch.sawOpening = true }
            return
        }
        guard let object = roots.objectPath(directory) else { return }
        if event.has(CPOSIX_EVENT_DIRECTORY) {
            batch.events.append(FileEvent(kind: .changed, directory: object))
            // Its watches know it by its former path; where it came to, it is watched anew.
            if event.has(CPOSIX_EVENT_MOVED_FROM) { unwatch(below: path) }
            if event.has(CPOSIX_EVENT_MOVED_TO) { pickUp(path, as: .renamed, &batch) }
            if event.has(CPOSIX_EVENT_CREATED) { pickUp(path, as: .closed, &batch) }
            return
        }
        let kind: FileEvent.Kind =
            if event.has(CPOSIX_EVENT_CLOSED) {
                .closed
            } else if event.has(CPOSIX_EVENT_MOVED_TO) {
                .renamed
            } else { .changed }
        let file = kind == .changed ? nil : ObservedFile(at: path)
        batch.events.append(FileEvent(kind: kind, directory: object, file: file))
    }

    /// Watches a directory and all below it, and reports what was closed there before.
    ///
    /// - Parameter kind: how its files came here while the parent was watched; nil where they are older.
    private func pickUp(_ top: String, as kind: FileEvent.Kind?, _ batch: inout EventBatch) {
        // Every directory is watched before it is listed, so that nothing falls in between.
        let listing = TreeListing(below: top, most: Self.mostListed) { directory in
            roots.isForeign(directory) || !watch(directory, &batch)
        }
        if listing.isCut { noteFull("more than \(Self.mostListed) files", &batch) }
        for directory in listing.directories {
            guard let object = roots.objectPath(directory) else { continue }
            batch.events.append(FileEvent(kind: .changed, directory: object))
        }
        guard let kind else { return }
        var found: [WriterDetector.Identity: (path: String, file: ObservedFile)] = [:]
        for path in listing.files {
            guard let file = ObservedFile(at: path) else { continue }
            found[file.identity] = (path, file)
        }
        let open = writers.writable(among: found.mapValues(\.path))
        for (identity, entry) in found where !open.contains(identity) {
            guard let object = roots.objectPath(parentDirectory(entry.path)) else { continue }
            batch.events.append(FileEvent(kind: kind, directory: object, file: entry.file))
        }
        batch.sawOpening = true
    }

    /// Whether the directory is watched now.
    private func watch(_ directory: String, _ batch: inout EventBatch) -> Bool {
        let number = cposix_inotify_watch(descriptor, directory)
        guard number >= 0 else {
            // Gone or renamed meanwhile is normal.
            if errno == ENOSPC {
                noteFull("fs.inotify.max_user_watches is too small for it", &batch)
            }
            return false
        }
        if let former = watched[number], former != directory { numbers[former] = nil }
        watched[number] = directory
        numbers[directory] = number
        return true
    }

    private func noteFull(_ reason: String, _ batch: inout EventBatch) {
        guard coversAll else { return }
        coversAll = false
        batch.notes.append(
            "not every directory can be watched (\(reason)): files in the others are complete "
                + "when two scans saw them unchanged")
    }

    private func forget(_ number: Int32) {
        guard let path = watched.removeValue(forKey: number) else { return }
        if numbers[path] == number { numbers[path] = nil }
    }

    private func unwatch(below path: String) {
        for (directory, number) in numbers
        where directory == path || directory.utf8.starts(with: "\(path)/".utf8) {
            cposix_inotify_unwatch(descriptor, number)
            forget(number)
        }
    }
}
