import CPosix
import Shared

/// The trainer's processes, and whether each of them still runs.
///
/// Where the kernel does not say who closed a file, a close counts if nobody who could have written
/// it has ended since.
final class WriterProcesses {
    private struct Member: Hashable {
        var pid: Int32
        /// Guards against a number that another process has by now.
        var started: UInt64
    }

    /// What a look at the members found.
    enum Look {
        case allRun
        /// Somebody ended or is about to, whose files may still be open.
        case isChanging
        /// Somebody ended, and the kernel has closed its files.
        case hasChanged
        /// The last ones ended, each in an orderly way.
        case endedOrderly
        /// There is no trainer.
        case isEmpty
    }

    private let root: Int32
    private let isKeeper: Bool
    private struct Watched {
        var parent: Int32
        /// Tells of its end; -1 where the kernel has none.
        var descriptor: Int32
        /// Grows when a child has ended, which may never have been a member.
        var childFaults: UInt64
    }

    private var members: [Member: Watched] = [:]
    /// Those that ended and that their parents have yet to wait for, by parent.
    private var unreaped: [Int32: Set<Member>] = [:]
    /// A process was started and has ended between two looks.
    private var hasMissed = false
    /// Becomes readable when a member has ended.
    let exits = cposix_exits_open()

    /// - Parameters:
    ///   - root: of the trainer's processes, or their subreaper.
    ///   - isKeeper: the root is the agent's own, and writes none of the files.
    init(root: Int32, isKeeper: Bool = false) {
        self.root = root
        self.isKeeper = isKeeper
        extend()
        hasMissed = false
    }

    deinit {
        for member in members.values where member.descriptor >= 0 { close(member.descriptor) }
        if exits >= 0 { close(exits) }
    }

    /// Adds processes that were started since. Only `look` removes any: a process that ended
    /// between two calls must be noticed.
    private func extend() {
        var processes: [Int32: cposix_process] = [:]
        guard let stream = opendir("/proc") else { return }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let pid = Int32(name), let process = Self.process(pid) else { continue }
            processes[pid] = process
        }
        for (pid, process) in processes where isDescendant(pid, in: processes) {
            if isKeeper, pid == root { continue }
            // One that is exiting already may never have been seen running: it must count as ended.
            let member = Member(pid: pid, started: process.started)
            guard members[member] == nil else { continue }
            members[member] = Watched(
                parent: process.parent, descriptor: cposix_await_exit(exits, pid),
                childFaults: process.child_faults)
            if process.child_faults > 0 { hasMissed = true }
        }
    }

    /// Looks at every member, new ones included, and takes those out whose files are closed.
    ///
    /// The process that wrote a file whose closing was read before this call either runs, or is
    /// found to have ended: as a member, or by its parent's count of page faults. Two are not
    /// found: the child of a process that ignores SIGCHLD, and one that was started and reaped
    /// since the last look beside another of its parent's children.
    ///
    /// - Parameter isOrderly: whether this process, which has ended or is about to, ended so that
    ///   what it closed last is whole; it then counts as no change.
    func look(
        isOrderly: (_ pid: Int32, _ started: UInt64) -> Bool = { _, _ in false }
    ) -> Look {
        extend()
        if members.isEmpty { return .isEmpty }
        cposix_exits_consume(exits)
        var ended: [Member] = []
        var reapers: [Int32] = []
        var isChanging = false
        var hasChanged = hasMissed
        hasMissed = false
        for (member, watched) in members {
            guard let process = Self.process(member.pid), process.started == member.started else {
                ended.append(member)
                continue
            }
            if process.child_faults != watched.childFaults {
                members[member]?.childFaults = process.child_faults
                reapers.append(member.pid)
            }
            guard process.is_exiting != 0 else { continue }
            // Where the first thread of a process has ended, its other threads may still have files
            // open.
            if process.state == CChar(UInt8(ascii: "Z")), process.threads <= 1 {
                ended.append(member)
            } else if !isOrderly(member.pid, member.started) {
                isChanging = true
            }
        }
        for member in ended {
            guard let watched = members.removeValue(forKey: member) else { continue }
            if watched.descriptor >= 0 { close(watched.descriptor) }
            unreaped[watched.parent, default: []].insert(member)
            unreaped[member.pid] = nil
            if !isOrderly(member.pid, member.started) { hasChanged = true }
        }
        for parent in reapers where !hasReapedKnown(parent) { hasChanged = true }
        if isChanging { return .isChanging }
        if hasChanged { return .hasChanged }
        return members.isEmpty ? .endedOrderly : .allRun
    }

    /// Whether a child that was a member is gone, which explains that its parent waited for one.
    private func hasReapedKnown(_ parent: Int32) -> Bool {
        guard let waiting = unreaped[parent] else { return false }
        let left = waiting.filter { Self.process($0.pid)?.started == $0.started }
        unreaped[parent] = left.isEmpty ? nil : left
        return left.count < waiting.count
    }

    private func isDescendant(_ pid: Int32, in processes: [Int32: cposix_process]) -> Bool {
        var (pid, steps) = (pid, 0)
        while pid > 1, steps < 1000 {
            if pid == root { return true }
            guard let process = processes[pid] else { return false }
            pid = process.parent
            steps += 1
        }
        return false
    }

    private static func process(_ pid: Int32) -> cposix_process? {
        var process = cposix_process()
        return cposix_look_at_process(pid, &process) == 0 ? process : nil
    }

    /// Who closed a file, by a look after the event.
    ///
    /// Running then means that the process closed it itself, since the kernel sets PF_EXITING before
    /// it closes what was left open. The number cannot be another process's by now: numbers are
    /// given in turn.
    static func writer(pid: Int32) -> ClosedFiles.Writer {
        guard pid > 0 else { return .unknown }
        guard let process = process(pid), process.is_exiting == 0 else { return .ended(pid: pid) }
        return .running
    }
}
