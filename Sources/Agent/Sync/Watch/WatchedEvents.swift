import Shared

/// What the kernel has told of files since the trainer began, and what is concluded from it.
///
/// Everything in it is used by one thread at a time: `FileWatch` has the lock.
struct WatchedEvents {
    /// What happened since the last call of `takeChanges`.
    struct Changes: Equatable {
        /// Directories of the bucket (`output/checkpoint-100`) in which a file was closed or an entry
        /// was made, removed or renamed. One that is gone by now may be among them. Writing into an
        /// open file is not reported.
        var directories: Set<String> = []
        /// Too much happened, or not all of it is known: look everywhere.
        var isEverything = false
    }

    private var source: any FileEventSource
    private(set) var closed = ClosedFiles()
    private var ends: OrderlyEnds?
    private var tree: WriterProcesses?
    private var treeSeenAt = Duration.zero
    /// How long the last look took.
    private var treeCost = Duration.zero
    /// Somebody ended, or the last ones in an orderly way; events of what the kernel closed for them
    /// may not be read yet.
    private var treeHasChanged = false
    private var treeHasEnded = false
    private var changes = Changes(isEverything: true)
    private var didSayLost = false
    private(set) var eventCount = 0
    private let watch: Stopwatch

    private static let mostChanges = 20_000

    /// - Parameter ends: the file of `OrderlyEnds`.
    init(_ source: any FileEventSource, ends: String?, watch: Stopwatch) {
        self.source = source
        self.ends = ends.map { OrderlyEnds(path: $0) }
        self.watch = watch
    }

    /// Whether each event names its writer.
    var knowsWriters: Bool { source.knowsWriters }

    /// From now on these are the trainer's processes.
    mutating func follow(_ tree: WriterProcesses) {
        self.tree = tree
        treeSeenAt = watch.elapsed
    }

    /// The trainer's last process has ended.
    ///
    /// - Parameter main: its main process, where that one's exit status was 0.
    mutating func trainerEnded(main: Int32?) {
        if let main { closed.endedOrderly(pid: main) }
        ends?.refresh()
        let ends = ends
        closed.nobodyIsLeft { close in
            close.pid.map { $0 == main || ends?.isClosed(close, by: $0) == true } ?? false
        }
    }

    /// Confirms closes by unknown writers, or gives them up.
    ///
    /// - Returns: what a person should know.
    mutating func confirm() -> [String] {
        let notes = read()
        let time = watch.elapsed
        guard lookAtTree(time) == .allRun else { return notes + read() }
        let ends = ends
        closed.treeRuns(at: time) { ends?.isLeftOpen($0) == true }
        return notes
    }

    mutating func isComplete(
        _ file: WriterDetector.Identity, _ version: FileVersion
    ) -> Bool {
        closed.isComplete(file, version, at: watch.elapsed)
    }

    mutating func forget(_ file: WriterDetector.Identity, _ version: FileVersion) {
        closed.forget(file, version)
    }

    /// What happened since the last call; everything at the first.
    mutating func takeChanges() -> Changes {
        defer { changes = Changes() }
        return source.coversAll ? changes : Changes(isEverything: true)
    }

    /// Takes all events that there are.
    ///
    /// - Returns: what a person should know.
    mutating func read() -> [String] {
        var notes: [String] = []
        while true {
            let batch = source.next()
            notes += batch.notes
            if batch.isEmpty {
                if treeHasChanged {
                    closed.treeChanged()
                } else if treeHasEnded, let ends {
                    closed.nobodyIsLeft { ends.isClosed($0, by: nil) }
                }
                (treeHasChanged, treeHasEnded) = (false, false)
                return notes
            }
            take(batch)
            guard batch.isIncomplete else { continue }
            closed.forgetAll()
            changes = Changes(isEverything: true)
            guard !didSayLost else { continue }
            didSayLost = true
            notes.append(
                "the kernel lost events of files: until they are closed again, files are complete "
                    + "when two scans saw them unchanged")
        }
    }

    private mutating func take(_ batch: EventBatch) {
        let time = watch.elapsed
        // A process that has ended by now has not written what is opened now. This takes a
        // twentieth of a core at most.
        if batch.sawOpening, time - treeSeenAt >= max(.milliseconds(5), treeCost * 20) {
            _ = lookAtTree(time)
        }
        eventCount += batch.events.count
        if !batch.events.isEmpty { ends?.refresh() }
        for event in batch.events {
            if !changes.isEverything { note(event.directory) }
            guard let file = event.file else { continue }
            switch event.kind {
            case .closed:
                closed.closed(
                    file.identity, file.version, by: Self.writer(event, file, ends),
                    pid: event.pid, at: time)
            case .renamed:
                closed.renamed(
                    file.identity, file.version, by: Self.writer(event, file, ends), at: time)
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

    private mutating func note(_ directory: String) {
        changes.directories.insert(directory)
        if changes.directories.count > Self.mostChanges { changes = Changes(isEverything: true) }
    }

    /// Looks whether a process has ended, and adds new ones.
    private mutating func lookAtTree(_ time: Duration) -> WriterProcesses.Look {
        // Read when one is found to have ended: its line is there by then.
        var ends: OrderlyEnds?
        swap(&ends, &self.ends)
        let look =
            tree?.look { pid, started in
                ends?.refresh()
                return ends?.has(pid: pid, started: started) == true
            } ?? .isEmpty
        self.ends = ends
        treeSeenAt = watch.elapsed
        treeCost = treeSeenAt - time
        switch look {
        case .allRun: break
        case .endedOrderly: treeHasEnded = true
        case .isChanging, .hasChanged, .isEmpty:
            closed.treeChanged()
            treeHasChanged = true
        }
        return look
    }
}
