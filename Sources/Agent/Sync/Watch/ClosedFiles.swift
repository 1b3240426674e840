import Shared

/// Which versions of which files are complete by what the kernel reported.
///
/// A file is known by its device and inode, not by its path: renaming it, or a directory above it,
/// changes nothing here. A version is its size and modification time; `ctime` is left out because
/// a rename or a hard link changes it. One accepted version takes eight bytes.
///
/// Pure: the caller gives every time, of a clock that is never set.
struct ClosedFiles {
    /// What is known of the process that closed or renamed a file.
    enum Writer: Equatable {
        /// It was running after the event, so it closed the file itself: the kernel marks a process
        /// as exiting before it closes the files that were left open.
        case running
        /// It was exiting or gone when it was looked at: perhaps the kernel closed the file.
        case ended(pid: Int32)
        /// The event does not tell whose it is.
        case unknown
    }

    /// How long a closed file must not be closed once more before the version counts. HDF5, zip and
    /// tools that write a header first close a file and open it again.
    static let quietTime: Duration = .milliseconds(500)
    /// How long after a close by an unknown writer every process of the trainer must be running.
    static let treeDelay: Duration = .milliseconds(100)
    /// More versions than this, which take 64 MB, mean that a caller does not call `forget`.
    static let mostVersions = 2_000_000
    private static let mostUnclear = 10_000

    /// One close of a file.
    struct Close {
        var identity: WriterDetector.Identity
        /// In nanoseconds since 1970, seen after the close.
        var mtime: Int64
        /// Whose it was; nil where the event does not tell.
        var pid: Int32?
    }

    private struct Pending {
        var version: Int
        var close: Close
        var closedAt: Duration
        var isConfirmed: Bool
        /// Renamed: counts as soon as the writer is confirmed.
        var countsAtOnce: Bool
        /// Somebody was killed since, who may have meant to open the file again.
        var mustRest = false
    }

    private var complete: Set<Int> = []
    private var pending: [WriterDetector.Identity: Pending] = [:]
    /// What is pending, oldest first; an entry whose time differs is of an earlier close.
    private var queue: [(file: WriterDetector.Identity, closedAt: Duration)] = []
    private var queueStart = 0
    /// Files with unknown writers, oldest first.
    private var unconfirmed: [(file: WriterDetector.Identity, closedAt: Duration)] = []
    /// Versions last closed by a process that had ended: no later rename makes them complete.
    private var unclear: [WriterDetector.Identity: (version: Int, pid: Int32?)] = [:]

    /// How many versions are known to be complete.
    var count: Int { complete.count }

    /// Whether a close by an unknown writer waits for a look at the trainer's processes.
    var needsTree: Bool { !unconfirmed.isEmpty }

    /// A descriptor that could write to the file was closed; `version` was seen after that.
    mutating func closed(
        _ file: WriterDetector.Identity, _ version: FileVersion, by writer: Writer,
        pid: Int32? = nil, at time: Duration
    ) {
        let close = Close(identity: file, mtime: version.mtime, pid: pid)
        let version = Self.digest(file, version)
        complete.remove(version)
        unclear[file] = nil
        pending[file] = nil
        switch writer {
        case .running: wait(close, version, time, isConfirmed: true, countsAtOnce: false)
        case .unknown: wait(close, version, time, isConfirmed: false, countsAtOnce: false)
        case .ended(let pid): doubt(file, version, pid)
        }
    }

    /// The file got this name by a rename, its own or that of a directory above it.
    ///
    /// That counts as a close, and at once, unless the last close was by a process that had ended: a
    /// script's `mv` after a crash makes nothing complete.
    mutating func renamed(
        _ file: WriterDetector.Identity, _ version: FileVersion, by writer: Writer,
        at time: Duration
    ) {
        let close = Close(identity: file, mtime: version.mtime)
        let version = Self.digest(file, version)
        if let doubted = unclear[file] {
            guard doubted.version != version else { return }
            unclear[file] = nil
        }
        switch writer {
        case .running:
            pending[file] = nil
            complete.insert(version)
        case .unknown:
            if !complete.contains(version) {
                wait(close, version, time, isConfirmed: false, countsAtOnce: true)
            }
        case .ended: break
        }
    }

    /// Every process of the trainer runs at `time`, and none has ended since the closes that wait but
    /// in an orderly way.
    ///
    /// - Parameter isTorn: whether a process that ended so had the file open to its end.
    mutating func treeRuns(at time: Duration, isTorn: (Close) -> Bool = { _ in false }) {
        let due = unconfirmed.prefix { $0.closedAt + Self.treeDelay <= time }
        unconfirmed.removeFirst(due.count)
        for entry in due {
            guard let file = pending[entry.file], file.closedAt == entry.closedAt else { continue }
            guard !isTorn(file.close) else {
                pending[entry.file] = nil
                doubt(entry.file, file.version, nil)
                continue
            }
            pending[entry.file]?.isConfirmed = true
            guard file.countsAtOnce || file.closedAt + Self.quietTime <= time else { continue }
            pending[entry.file] = nil
            complete.insert(file.version)
        }
        settle(time)
    }

    /// Some process of the trainer has ended, and may have been the writer of what waits.
    mutating func treeChanged() {
        for entry in unconfirmed {
            guard let file = pending[entry.file], file.closedAt == entry.closedAt else { continue }
            pending[entry.file] = nil
            doubt(entry.file, file.version, nil)
        }
        unconfirmed = []
        for (file, waiting) in pending where waiting.close.pid == nil {
            pending[file]?.mustRest = true
        }
    }

    /// The trainer's last process has ended: nobody is left who would open a file once more.
    ///
    /// - Parameter isOwn: whether a process closed the file itself before an orderly end.
    mutating func nobodyIsLeft(isOwn: (Close) -> Bool) {
        for (file, waiting) in pending where !waiting.mustRest && isOwn(waiting.close) {
            pending[file] = nil
            complete.insert(waiting.version)
        }
    }

    /// This process ended in an orderly way: what the kernel reported of it last, it closed itself.
    mutating func endedOrderly(pid: Int32) {
        for (file, last) in unclear where last.pid == pid {
            complete.insert(last.version)
            unclear[file] = nil
        }
    }

    /// Whether this version was closed or renamed by a running writer, and rested since.
    ///
    /// Says nothing of who has the file open now: look at that first (`WriterDetector`), then read
    /// the events that there are, then ask.
    ///
    /// - Parameter rest: less where a file never rests for longer, and may be taken between two closes.
    mutating func isComplete(
        _ file: WriterDetector.Identity, _ version: FileVersion,
        after rest: Duration = Self.quietTime, at time: Duration
    ) -> Bool {
        settle(time)
        let version = Self.digest(file, version)
        if complete.contains(version) { return true }
        guard rest < Self.quietTime, let waiting = pending[file], waiting.version == version,
            waiting.isConfirmed, !waiting.mustRest
        else { return false }
        return waiting.closedAt + rest <= time
    }

    /// Frees what is kept of a version that is in the bucket.
    mutating func forget(_ file: WriterDetector.Identity, _ version: FileVersion) {
        complete.remove(Self.digest(file, version))
    }

    /// Forgets all: events were lost, so a file may have been written to since.
    mutating func forgetAll() { self = ClosedFiles() }

    private mutating func wait(
        _ close: Close, _ version: Int, _ time: Duration, isConfirmed: Bool, countsAtOnce: Bool
    ) {
        let file = close.identity
        pending[file] = Pending(
            version: version, close: close, closedAt: time, isConfirmed: isConfirmed,
            countsAtOnce: countsAtOnce)
        if isConfirmed {
            queue.append((file, time))
            settle(time)
        } else {
            queue.append((file, time))
            unconfirmed.append((file, time))
        }
    }

    private mutating func doubt(_ file: WriterDetector.Identity, _ version: Int, _ pid: Int32?) {
        complete.remove(version)
        // The oldest are not known by their age; what is dropped waits for two scans, as before.
        if unclear.count >= Self.mostUnclear { unclear.removeAll() }
        unclear[file] = (version, pid)
    }

    /// Accepts what has rested and is confirmed.
    private mutating func settle(_ time: Duration) {
        while queueStart < queue.count, queue[queueStart].closedAt + Self.quietTime <= time {
            let entry = queue[queueStart]
            queueStart += 1
            guard let file = pending[entry.file], file.closedAt == entry.closedAt else { continue }
            // The look at the trainer's processes is late on a busy machine.
            guard file.isConfirmed else { continue }
            pending[entry.file] = nil
            complete.insert(file.version)
        }
        if queueStart == queue.count {
            queue = []
            queueStart = 0
            // A burst leaves a large empty table behind.
            if pending.isEmpty { pending = [:] }
        } else if queueStart > 4096, queueStart * 2 > queue.count {
            queue.removeFirst(queueStart)
            queueStart = 0
        }
        if complete.count > Self.mostVersions { complete = [] }
    }

    /// 64 bits of a keyed hash: two of 100,000 versions are equal once in a billion runs.
    private static func digest(_ file: WriterDetector.Identity, _ version: FileVersion) -> Int {
        var hasher = Hasher()
        hasher.combine(file)
        hasher.combine(version.size)
        hasher.combine(version.mtime)
        return hasher.finalize()
    }
}
