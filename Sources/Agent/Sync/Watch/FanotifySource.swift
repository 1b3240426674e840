import CPosix
import Shared

/// Events of whole file systems, with the process that made them: for an agent that is root.
///
/// Directories need no watch of their own, so none is missed. Files are looked at through the handle
/// in the event, whatever they are called by then.
final class FanotifySource: FileEventSource {
    let name = "fanotify"
    let descriptor: Int32
    let coversAll = true
    let knowsWriters = true
    private let roots: WatchRoots
    /// A descriptor on each watched file system, by its id.
    private let mounts: [UInt64: Int32]
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 8)
    /// The object path of each directory seen, nil for one outside, by a hash of its handle.
    private var directories: [Int: String?] = [:]
    private static let mostDirectories = 20_000
    private static let mostBelowRename = 100_000

    /// - Throws: `Failure` with the call that the kernel refused.
    init(_ roots: WatchRoots) throws {
        self.roots = roots
        let descriptor = cposix_fanotify_open()
        guard descriptor >= 0 else { throw systemFailure("fanotify") }
        var mounts: [UInt64: Int32] = [:]
        do {
            for root in roots.roots { try Self.mark(root.path, descriptor, &mounts) }
        } catch {
            mounts.values.forEach { close($0) }
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.mounts = mounts
    }

    deinit {
        mounts.values.forEach { close($0) }
        close(descriptor)
        buffer.deallocate()
    }

    private static func mark(
        _ path: String, _ group: Int32, _ mounts: inout [UInt64: Int32]
    ) throws {
        var type: UInt64 = 0
        var identifier: UInt64 = 0
        let answer = withUnsafeMutableBytes(of: &identifier) { bytes in
            cposix_file_system(path, &type, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
        }
        guard answer == 0 else { throw systemFailure("statfs of \(quoted(path))") }
        guard mounts[identifier] == nil else { return }
        guard cposix_probe_handles(path) == 0 else {
            throw systemFailure("file handles below \(quoted(path))")
        }
        guard cposix_fanotify_mark(group, path) == 0 else {
            throw systemFailure("fanotify for \(quoted(path))")
        }
        let mount = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard mount >= 0 else { throw systemFailure("cannot open \(quoted(path))") }
        mounts[identifier] = mount
    }

    /// An event whose directory is watched.
    private struct Raw {
        var event: cposix_file_event
        var mount: Int32
        var directory: String
        var writer: ClosedFiles.Writer
    }

    func next() -> EventBatch {
        var batch = EventBatch()
        let count = read(descriptor, buffer.baseAddress, buffer.count)
        guard count > 0 else {
            batch.isEmpty = true
            return batch
        }
        // All processes are looked at first: each may end at any moment. The files' versions can
        // wait.
        var writers: [Int32: ClosedFiles.Writer] = [:]
        var raw: [Raw] = []
        var rest = UnsafeRawBufferPointer(rebasing: buffer.prefix(count))
        while true {
            var event = cposix_file_event()
            let length = cposix_fanotify_next(rest.baseAddress, rest.count, &event)
            guard length > 0 else { break }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(length))
            if event.has(CPOSIX_EVENT_OVERFLOW) { batch.isIncomplete = true }
            guard let (mount, directory) = place(of: event) else { continue }
            let writer = writers[event.pid] ?? WriterProcesses.writer(pid: event.pid)
            writers[event.pid] = writer
            raw.append(Raw(event: event, mount: mount, directory: directory, writer: writer))
        }
        for event in raw { add(event, &batch) }
        return batch
    }

    /// Where it happened; nil for what is outside of the roots.
    private func place(of event: cposix_file_event) -> (mount: Int32, directory: String)? {
        let moves = CPOSIX_EVENT_MOVED_TO | CPOSIX_EVENT_MOVED_FROM
        if event.has(CPOSIX_EVENT_DIRECTORY), event.has(moves) {
            directories.removeAll()
        }
        guard let start = event.directory, event.directory_length > 8 else { return nil }
        let identifier = UnsafeRawPointer(start).loadUnaligned(as: UInt64.self)
        guard let mount = mounts[identifier] else { return nil }
        var hasher = Hasher()
        hasher.combine(
            bytes: UnsafeRawBufferPointer(start: start, count: event.directory_length))
        let key = hasher.finalize()
        if let known = directories[key] { return known.map { (mount, $0) } }
        if directories.count >= Self.mostDirectories { directories.removeAll() }
        let path = Self.path(mount, start + 8).flatMap(roots.objectPath)
        directories[key] = .some(path)
        return path.map { (mount, $0) }
    }

    /// Where the directory of this handle is now.
    private static func path(_ mount: Int32, _ handle: UnsafeRawPointer) -> String? {
        let descriptor = cposix_open_handle(mount, handle)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { space in
            guard let start = space.baseAddress else { return nil }
            let length = readlink("/proc/self/fd/\(descriptor)", start, space.count)
            guard length > 0, length < space.count else { return nil }
            let bytes = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: space[..<length]))
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    private func add(_ raw: Raw, _ batch: inout EventBatch) {
        let event = raw.event
        if event.has(CPOSIX_EVENT_DIRECTORY) {
            batch.events.append(FileEvent(kind: .changed, directory: raw.directory))
            let name = String(cString: event.name)
            guard !name.isEmpty else { return }
            batch.events.append(FileEvent(kind: .changed, directory: "\(raw.directory)/\(name)"))
            if event.has(CPOSIX_EVENT_MOVED_TO) { addFiles(below: name, raw, &batch) }
            return
        }
        if event.has(CPOSIX_EVENT_CLOSED) {
            let file = event.file.flatMap { Self.file(raw.mount, $0) }
            batch.events.append(
                FileEvent(
                    kind: .closed, directory: raw.directory, file: file, writer: raw.writer,
                    pid: event.pid))
        }
        if event.has(CPOSIX_EVENT_MOVED_TO) {
            let path = roots.path(raw.directory, String(cString: event.name))
            batch.events.append(
                FileEvent(
                    kind: .renamed, directory: raw.directory, file: ObservedFile(at: path),
                    writer: raw.writer))
        }
        let others =
            CPOSIX_EVENT_CREATED | CPOSIX_EVENT_REMOVED
            | CPOSIX_EVENT_MOVED_FROM
        if event.has(others) {
            batch.events.append(FileEvent(kind: .changed, directory: raw.directory))
        }
    }

    private static func file(_ mount: Int32, _ handle: UnsafeRawPointer) -> ObservedFile? {
        let descriptor = cposix_open_handle(mount, handle)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { return nil }
        return ObservedFile(information)
    }

    /// A directory that was renamed into place brings its files with it.
    private func addFiles(below name: String, _ raw: Raw, _ batch: inout EventBatch) {
        let top = roots.path(raw.directory, name)
        let listing = TreeListing(
            below: top, most: Self.mostBelowRename, skip: roots.isForeign)
        for directory in listing.directories {
            guard let path = roots.objectPath(directory) else { continue }
            batch.events.append(FileEvent(kind: .changed, directory: path))
        }
        for path in listing.files {
            guard let file = ObservedFile(at: path),
                let directory = roots.objectPath(parentDirectory(path))
            else { continue }
            batch.events.append(
                FileEvent(kind: .renamed, directory: directory, file: file, writer: raw.writer))
        }
    }
}

extension cposix_file_event {
    /// Whether it is, among others, an event of this kind (`CPOSIX_EVENT_…`).
    func has(_ kind: Int) -> Bool { Int(kinds) & kind != 0 }
}
