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
        var events: WatchedEvents
        /// Tells of processes that ended.
        var exits: (any DispatchSourceRead)?
        var timer: (any DispatchSourceTimer)?
        var isLookDue = false
    }

    /// Which interface it reads; for the log.
    let name: String
    private let state: Mutex<State>
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
        state = Mutex(State(events: WatchedEvents(source, ends: ends, watch: Stopwatch(clock))))
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
            guard !state.events.knowsWriters else { return }
            state.exits?.cancel()
            state.timer?.cancel()
            let tree = WriterProcesses(root: root, isKeeper: isKeeper)
            state.events.follow(tree)
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
        if state.withLock({ $0.events.knowsWriters }) { drain() } else { confirm() }
        state.withLock { $0.events.trainerEnded(main: main) }
    }

    /// Reads all events that there are.
    func drain() {
        let (notes, needsLook) = state.withLock { state -> ([String], Bool) in
            let notes = state.events.read()
            let needsLook = state.events.closed.needsTree && !state.isLookDue
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
    func isComplete(_ file: WriterDetector.Identity, _ version: FileVersion) -> Bool {
        state.withLock { $0.events.isComplete(file, version) }
    }

    /// Frees what is kept of a version that is in the bucket as it is.
    func forget(_ file: WriterDetector.Identity, _ version: FileVersion) {
        state.withLock { $0.events.forget(file, version) }
    }

    /// What happened since the last call; everything at the first.
    func takeChanges() -> WatchedEvents.Changes {
        state.withLock { $0.events.takeChanges() }
    }

    /// Events since the start, and versions known to be complete.
    var counts: (events: Int, complete: Int) {
        state.withLock { ($0.events.eventCount, $0.events.closed.count) }
    }

    /// Confirms closes by unknown writers, or gives them up.
    private func confirm() {
        let notes = state.withLock { state in
            state.isLookDue = false
            return state.events.confirm()
        }
        notes.forEach(say)
        // For closes that came since, or not long enough ago.
        drain()
    }
}
