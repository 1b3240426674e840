import Shared

/// One file that a sync has decided to send.
struct SyncJob {
    enum Kind: Equatable {
        case whole(byLink: Bool)
        case secondLook
        case stale
        /// Append-only: what is there now.
        case log
        /// Half-written, under a name of its own.
        case partial
    }

    var index: Int
    var path: String
    var stamp: Stamp
    var isLink: Bool
    var kind: Kind
}

extension SyncEngine {
    /// Walks both trees and says what is new there that can never go up.
    func scan() -> (pending: [Int], report: Scanner.Report) {
        scanNumber += 1
        table.compact(scan: scanNumber - 1)
        let (pending, found) = scanner.scan(&table, number: scanNumber)
        for line in found.skipped {
            if record.skippedFiles.count < 20 { record.skippedFiles.append(line) }
            event(.warning, "not uploaded: \(line)", nil)
        }
        return (pending, found)
    }

    /// Decides what of the pending files goes up now, and remembers what was seen of the others.
    ///
    /// - Parameter last: the trainer is gone: nothing waits any more.
    /// - Returns: the jobs, and how many files wait for a later sync.
    func judge(_ pending: [Int], last: Bool) -> (jobs: [SyncJob], waiting: Int) {
        let time = watch.elapsed
        var candidates: [OpenFiles.Identity: String] = [:]
        for index in pending where !table[index].flags.contains(.log) {
            candidates[identity(index)] = source(of: table.path(index))
        }
        let writable = openFiles.writable(among: candidates)
        // Asked after the look: who lives by now has closed by itself what is closed.
        let isOrphaned = isTrainerGone
        var jobs: [SyncJob] = []
        var waiting: [Int] = []
        for index in pending {
            if table[index].pendingSince == nil { table[index].pendingSince = time }
            guard !table[index].flags.contains(.log) else {
                jobs.append(syncJob(index, .log))
                continue
            }
            let isOpen = writable.contains(identity(index))
            let kind = kind(of: index, isOpen: isOpen, time: time, last: last)
            table[index].look = FileTable.Look(
                stamp: table[index].current, wasOpen: isOpen || isOrphaned)
            switch kind {
            case .some(let kind): jobs.append(syncJob(index, kind))
            case nil:
                // What is up as `.partial` waits for nobody.
                if partials[PathKey(table.path(index))]?.stamp != table[index].current {
                    waiting.append(index)
                }
            }
        }
        if !last { holdBack(&jobs, behind: waiting, waiting: &waiting) }
        return (jobs, waiting.count)
    }

    func identity(_ index: Int) -> OpenFiles.Identity {
        OpenFiles.Identity(device: table[index].device, inode: table[index].current.inode)
    }

    private func kind(of index: Int, isOpen: Bool, time: Duration, last: Bool) -> SyncJob.Kind? {
        let file = table[index]
        let key = PathKey(table.path(index))
        if let death = halfWritten[key], death.isSameContent(as: file.current) {
            let isUp = partials[key]?.stamp.isSameContent(as: file.current) ?? false
            return isUp ? nil : .partial
        }
        // Written to since: by a trainer that was started again.
        halfWritten[key] = nil
        let verdict = Settling.verdict(
            settlingCase(index, isOpen: isOpen, time: time),
            maxStaleness: .seconds(job.sync.maxStalenessSeconds))
        if case .whole(let byLink) = verdict { return .whole(byLink: byLink) }
        // Nobody waits for a program that outlived its trainer: what it has by now goes beside the file.
        if last {
            return isOpen || restless[key, default: 0] > 2 ? .partial : .whole(byLink: false)
        }
        switch verdict {
        case .whole, .waits: return nil
        case .secondLook: return .secondLook
        case .stale: return .stale
        }
    }

    func settlingCase(_ index: Int, isOpen: Bool, time: Duration) -> Settling.Case {
        let file = table[index]
        return Settling.Case(
            current: file.current, look: file.look, formerInode: file.up?.stamp.inode,
            isOpen: isOpen,
            isInPlace: file.flags.contains(.inPlace) || rewritten.contains(file.current),
            pendingFor: time - (file.pendingSince ?? time))
    }

    private func syncJob(_ index: Int, _ kind: SyncJob.Kind) -> SyncJob {
        SyncJob(
            index: index, path: table.path(index), stamp: table[index].current,
            isLink: table[index].flags.contains(.link), kind: kind)
    }

    /// Keeps a file back while an older one of its directory is closed but not settled.
    ///
    /// A checkpoint's index is written last; up before its parts it would promise what is not
    /// there. Files that are open, or restless for too long, hold nobody back.
    private func holdBack(_ jobs: inout [SyncJob], behind unsettled: [Int], waiting: inout [Int]) {
        var oldest: [PathKey: Int64] = [:]
        for index in unsettled {
            guard table[index].look?.wasOpen == false, !isRestless(index) else { continue }
            let directory = PathKey(parentDirectory(table.path(index)))
            oldest[directory] = min(oldest[directory] ?? .max, table[index].current.mtime)
        }
        guard !oldest.isEmpty else { return }
        jobs.removeAll { job in
            guard mayWait(job), let mtime = oldest[PathKey(parentDirectory(job.path))],
                job.stamp.mtime >= mtime
            else { return false }
            waiting.append(job.index)
            return true
        }
    }

    /// Whether a file may wait for an older one of its directory. With something new beside it at
    /// every scan it would otherwise wait for ever.
    func mayWait(_ job: SyncJob) -> Bool {
        switch job.kind {
        case .log, .partial, .stale: false
        case .whole, .secondLook: !isRestless(job.index)
        }
    }

    private func isRestless(_ index: Int) -> Bool {
        guard let since = table[index].pendingSince else { return false }
        return since <= watch.elapsed - .seconds(job.sync.maxStalenessSeconds)
    }

    /// By what the file system says of their writing, and else of their renaming.
    func isOlder(_ left: SyncJob, _ right: SyncJob) -> Bool {
        (left.stamp.mtime, left.stamp.ctime) < (right.stamp.mtime, right.stamp.ctime)
    }
}
