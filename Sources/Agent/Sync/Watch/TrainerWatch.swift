import Shared
import Synchronization

/// Which trainer runs, and which files the kernel saw its processes close.
///
/// Begun once there are directories to watch, told of the trainer whenever there is one, in either
/// order. Where the kernel cannot tell, every question is answered with no, and files are complete
/// as before when two scans saw them unchanged.
final class TrainerWatch: Sendable {
    private struct State {
        var watch: FileWatch?
        var root: Int32?
        /// The root is the keeper, and not the trainer itself.
        var isKeeper = false
        var trainer: ProcessIdentity?

        func begin() {
            if let root { watch?.follow(root: root, isKeeper: isKeeper) }
        }
    }

    /// The kernel's word on closed files does not count.
    private let isBlind: Bool
    /// The file of `OrderlyEnds`.
    private let ends: String?
    private let state = Mutex(State())

    init(isBlind: Bool, ends: String? = nil) {
        self.isBlind = isBlind
        self.ends = ends
    }

    /// The kernel tells who closed which file.
    var isWatching: Bool { watch != nil }

    /// There is a trainer, or was one.
    var isFollowing: Bool { state.withLock { $0.root != nil } }

    /// Begins to watch. An event gives the reason where the kernel cannot tell, and what it lost.
    func start(_ context: SyncContext, _ roots: [Scanner.Root]) {
        // Not the context: this object is in it, and the kernel would go on telling for ever.
        let say: @Sendable (String) -> Void = { [event = context.event] in event(.note, $0, nil) }
        let clock = context.clock
        state.withLock { state in
            guard !isBlind else { return }
            state.watch = FileWatch.start(
                roots, foreign: context.foreign, ends: ends, clock: clock, say: say)
            state.begin()
        }
    }

    /// Tells which trainer runs from now on; nil that its end is known.
    ///
    /// - Parameter keeper: the process from which all of the trainer's descend.
    func follow(_ trainer: ProcessIdentity?, keeper: Int32? = nil) {
        state.withLock { state in
            state.trainer = trainer
            guard let root = keeper ?? trainer?.pid else { return }
            (state.root, state.isKeeper) = (root, keeper != nil)
            state.begin()
        }
    }

    /// Its end has not been told yet: what it left half-written looks at rest. What it had open when
    /// it died is closed too, so no look at a file counts once it is gone.
    var isTrainerGone: Bool {
        state.withLock { $0.trainer }.map { !$0.isRunning } ?? false
    }

    /// The trainer's last process has ended, and nobody has been told yet (`follow`).
    ///
    /// - Parameter succeeded: its main process ended with exit status 0.
    func trainerEnded(succeeded: Bool) {
        let (watch, trainer) = state.withLock { ($0.watch, $0.trainer) }
        watch?.trainerEnded(main: succeeded ? trainer?.pid : nil)
    }

    /// Reads all events that there are.
    func drain() { watch?.drain() }

    /// What happened since the last call; everything where the kernel cannot tell.
    func takeChanges() -> FileWatch.Changes {
        watch?.takeChanges() ?? FileWatch.Changes(isEverything: true)
    }

    /// See `FileWatch.isComplete`.
    func isComplete(
        _ file: WriterDetector.Identity, _ version: FileVersion,
        after rest: Duration = ClosedFiles.quietTime
    ) -> Bool {
        watch?.isComplete(file, version, after: rest) ?? false
    }

    /// Frees what is kept of a version that is in the bucket as it is.
    func forget(_ file: WriterDetector.Identity, _ version: FileVersion) {
        watch?.forget(file, version)
    }

    private var watch: FileWatch? { state.withLock { $0.watch } }
}
