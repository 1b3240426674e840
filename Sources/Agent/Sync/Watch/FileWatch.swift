import Dispatch
import Shared
import Synchronization

/// Reads the kernel's events of output and logs while the trainer runs, and answers what is complete.
///
/// A reader of its own takes events as they come: the sooner the process that closed a file is
/// looked at, the more can be told of it. No task thread ever waits for longer than one buffer
/// takes.
final class FileWatch: Sendable {
    private struct State {
        var source: any FileEventSource
        var closed = ClosedFiles()
        var ends: OrderlyEnds?
        var tree: WriterProcesses?
        var treeSeenAt = Duration.zero
        /// How long the last look took.
        var treeCost = Duration.zero
        /// Tells of processes that ended.
        var exits: (any DispatchSourceRead)?
        var timer: (any DispatchSourceTimer)?
        /// Somebody ended, or the last ones in an orderly way; events of what the kernel closed for them
        /// may not be read yet.
        var treeHasChanged = false
        var treeHasEnded = false
        var isLookDue = false
        var changes = Changes(isEverything: true)
        var didSayLost = false
        var eventCount = 0
    }

    /// Which interface it reads; for the log.
    let name: String
    private let state: Mutex<State>
    private let watch: Stopwatch
    private let say: @Sendable (String) -> Void
    private let queue = DispatchQueue(label: "file-events", qos: .userInteractive)
    // Dispatch sources may be used from any thread; they are not marked Sendable.
    nonisolated(unsafe) private let readable: any DispatchSourceRead

    /// In milliseconds: a little more than what `ClosedFiles.treeDelay` asks for.
    private static let lookDelay = 110
    private static let lookInterval: Double = 2

    /// - Parameters:
    ///   - ends: the file of `OrderlyEnds`.
    ///   - say: gets what a person should know, each once.
    init(
        _ source: sending any FileEventSource, ends: String? = nil, clock: some Clock<Duration>,
        say: @escaping @Sendable (String) -> Void
    ) {
        let descriptor = source.descriptor
        name = source.name
        state = Mutex(State(source: source, ends: ends.map { OrderlyEnds(path: $0) }))
        watch = Stopwatch(clock)
        self.say = say
        readable = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        readable.setEventHandler { [weak self] in self?.drain() }
        readable.activate()
    }

    deinit {
        readable.cancel()
        state.withLock { state in
            state.exits?.cancel()
            state.timer?.cancel()
        }
    }

    /// The best source that this machine allows, or nil with the reason said.
    static func start(
        _ roots: [Scanner.Root], foreign: [String], ends: String?, clock: some Clock<Duration>,
        say: @escaping @Sendable (String) -> Void
    ) -> FileWatch? {
        do {
            let roots = try WatchRoots(roots, foreign: foreign)
            for root in roots.roots {
                guard let objection = WatchRoots.objection(to: root.path) else { continue }
                throw Failure("\(quoted(root.path)): \(objection)")
            }
            // Refused to ordinary users and in containers, which is no news: inotify does instead.
            if let source = try? FanotifySource(roots) {
                return FileWatch(source, ends: ends, clock: clock, say: say)
            }
            return FileWatch(try InotifySource(roots), ends: ends, clock: clock, say: say)
        } catch {
            say(
                "closed files cannot be watched (\((error as? Failure)?.summary ?? "\(error)")): files are complete "
                    + "when two scans saw them unchanged")
            return nil
        }
    }

    /// From now on these are the trainer's processes: `root` and all that descend from it.
    ///
    /// - Parameters:
    ///   - root: best the trainer's subreaper, since who is handed on to another is lost.
    ///   - isKeeper: the root is that subreaper, the agent's own.
    func follow(root: Int32, isKeeper: Bool = false) {
        state.withLock { state in
            guard !state.source.knowsWriters else { return }
            state.exits?.cancel()
            state.timer?.cancel()
            let tree = WriterProcesses(root: root, isKeeper: isKeeper)
            state.tree = tree
            state.treeSeenAt = watch.elapsed
            // Where an end is noticed late, files that are closed next do not count as complete.
            let timer = DispatchSource.makeTimerSource(queue: queue)
            timer.schedule(
                deadline: .now() + Self.lookInterval, repeating: Self.lookInterval,
                leeway: .milliseconds(500))
            timer.setEventHandler { [weak self] in self?.confirm() }
            timer.activate()
            state.timer = timer
            guard tree.exits >= 0 else { return }
            let exits = DispatchSource.makeReadSource(fileDescriptor: tree.exits, queue: queue)
            exits.setEventHandler { [weak self] in self?.confirm() }
            // The descriptor must not be closed before.
            exits.setCancelHandler { withExtendedLifetime(tree) {} }
            exits.activate()
            state.exits = exits
        }
    }

    /// The trainer's last process has ended. What those closed last counts that ended in an orderly way,
    /// although nobody saw them running afterwards, and at once, since nobody opens it again.
    ///
    /// - Parameter main: the trainer's main process, where its exit status was 0.
    func trainerEnded(main: Int32?) {
        if state.withLock({ $0.source.knowsWriters }) { drain() } else { confirm() }
        state.withLock { state in
            if let main { state.closed.endedOrderly(pid: main) }
            state.ends?.refresh()
            let ends = state.ends
            state.closed.nobodyIsLeft { close in
                close.pid.map { $0 == main || ends?.isClosed(close, by: $0) == true } ?? false
            }
        }
    }

    /// Reads all events that there are.
    func drain() {
        let (notes, needsLook) = state.withLock { state -> ([String], Bool) in
            let notes = read(&state)
            let needsLook = state.closed.needsTree && !state.isLookDue
            if needsLook { state.isLookDue = true }
            return (notes, needsLook)
        }
        notes.forEach(say)
        guard needsLook else { return }
        queue.asyncAfter(deadline: .now() + .milliseconds(Self.lookDelay)) { [weak self] in
            self?.confirm()
        }
    }

    /// Whether this version of a file is complete by the kernel's word.
    ///
    /// Ask in this order, or a writer is not noticed: stat the file; see that nobody has it open
    /// (`WriterDetector`); `drain`; then this.
    func isComplete(
        _ file: WriterDetector.Identity, _ version: FileVersion,
        after rest: Duration = ClosedFiles.quietTime
    ) -> Bool {
        state.withLock { $0.closed.isComplete(file, version, after: rest, at: watch.elapsed) }
    }

    /// Frees what is kept of a version that is in the bucket as it is.
    func forget(_ file: WriterDetector.Identity, _ version: FileVersion) {
        state.withLock { $0.closed.forget(file, version) }
    }

    /// What happened since the last call; everything at the first.
    func takeChanges() -> Changes {
        state.withLock { state in
            defer { state.changes = Changes() }
            return state.source.coversAll ? state.changes : Changes(isEverything: true)
        }
    }

    /// Events since the start, and versions known to be complete.
    var counts: (events: Int, complete: Int) { state.withLock { ($0.eventCount, $0.closed.count) } }

    private func read(_ state: inout State) -> [String] {
        var notes: [String] = []
        while true {
            let batch = state.source.next()
            notes += batch.notes
            if batch.isEmpty {
                if state.treeHasChanged {
                    state.closed.treeChanged()
                } else if state.treeHasEnded, let ends = state.ends {
                    state.closed.nobodyIsLeft { ends.isClosed($0, by: nil) }
                }
                (state.treeHasChanged, state.treeHasEnded) = (false, false)
                return notes
            }
            take(batch, &state)
            guard batch.isIncomplete else { continue }
            state.closed.forgetAll()
            state.changes = Changes(isEverything: true)
            guard !state.didSayLost else { continue }
            state.didSayLost = true
            notes.append(
                "the kernel lost events of files: until they are closed again, files are complete "
                    + "when two scans saw them unchanged")
        }
    }

    private func take(_ batch: EventBatch, _ state: inout State) {
        let time = watch.elapsed
        // A process that has ended by now has not written what is opened now. This takes a
        // twentieth of a core at most.
        if batch.sawOpening, time - state.treeSeenAt >= max(.milliseconds(5), state.treeCost * 20) {
            _ = lookAtTree(&state, time)
        }
        state.eventCount += batch.events.count
        if !batch.events.isEmpty { state.ends?.refresh() }
        for event in batch.events {
            state.changes.note(event.directory)
            guard let file = event.file else { continue }
            switch event.kind {
            case .closed:
                state.closed.closed(
                    file.identity, file.version, by: Self.writer(event, file, state.ends),
                    pid: event.pid, at: time)
            case .renamed:
                state.closed.renamed(
                    file.identity, file.version, by: Self.writer(event, file, state.ends), at: time)
            case .changed: break
            }
        }
    }

    /// What the kernel says of the process that made the event, and what that said of its own end.
    private static func writer(
        _ event: FileEvent, _ file: ObservedFile, _ ends: OrderlyEnds?
    ) -> ClosedFiles.Writer {
        let close = ClosedFiles.Close(identity: file.identity, mtime: file.version.mtime)
        switch event.writer {
        case .ended(let pid) where ends?.isClosed(close, by: pid) == true: return .running
        // Python closes what was left open, and still runs.
        case .running where event.kind == .closed && ends?.isLeftOpen(close) == true:
            return .ended(pid: event.pid ?? 0)
        default: return event.writer
        }
    }

    /// Looks whether a process has ended, and adds new ones.
    private func lookAtTree(_ state: inout State, _ time: Duration) -> WriterProcesses.Look {
        // Read when one is found to have ended: its line is there by then.
        var ends: OrderlyEnds?
        swap(&ends, &state.ends)
        let look =
            state.tree?.look { pid, started in
                ends?.refresh()
                return ends?.has(pid: pid, started: started) == true
            } ?? .isEmpty
        state.ends = ends
        state.treeSeenAt = watch.elapsed
        state.treeCost = state.treeSeenAt - time
        switch look {
        case .allRun: break
        case .endedOrderly: state.treeHasEnded = true
        case .isChanging, .hasChanged, .isEmpty:
            state.closed.treeChanged()
            state.treeHasChanged = true
        }
        return look
    }

    /// Confirms closes by unknown writers, or gives them up.
    private func confirm() {
        let notes = state.withLock { state -> [String] in
            state.isLookDue = false
            var notes = read(&state)
            let time = watch.elapsed
            if lookAtTree(&state, time) == .allRun {
                let ends = state.ends
                state.closed.treeRuns(at: time) { ends?.isLeftOpen($0) == true }
            } else {
                notes += read(&state)
            }
            return notes
        }
        notes.forEach(say)
        // For closes that came since, or not long enough ago.
        drain()
    }
}
