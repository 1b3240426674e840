import Synchronization

extension StoreClient {
    /// Whether any object is below the prefix. Reads no more of the listing than that takes: all of a
    /// dataset of a million objects would take minutes, and much memory.
    ///
    /// - Throws: `Failure` where the store cannot be asked.
    package func holdsObject() async throws -> Bool {
        let glance = Glance(store: store, runner: runner)
        let result = try await with(runner: glance).run(store.listSome(url))
        if glance.hasSeen { return true }
        let some = try store.objects(from: result, under: url)
        if !Self.files(some).isEmpty { return true }
        // The first of them were nothing but folders that a web console made.
        return some.isEmpty ? false : try await !list().isEmpty
    }
}

/// Ends a listing as soon as it shows an object.
private final class Glance: CommandRunner {
    private struct State {
        var beginning = ""
        var hasSeen = false
        var running: (any RunningCommand)?
    }

    private let store: any ObjectStore
    private let runner: any CommandRunner
    private let state = Mutex(State())

    init(store: any ObjectStore, runner: any CommandRunner) {
        self.store = store
        self.runner = runner
    }

    var hasSeen: Bool { state.withLock { $0.hasSeen } }

    func start(
        _ command: Command, onOutput: (@Sendable (ArraySlice<UInt8>) -> Void)?
    ) throws -> any RunningCommand {
        let running = try runner.start(command) { [self] piece in
            onOutput?(piece)
            look(at: piece)
        }
        // An object may have been shown before the process was known here.
        let isDone = state.withLock { state in
            state.running = running
            return state.hasSeen
        }
        if isDone { running.send(SIGKILL) }
        return running
    }

    private func look(at piece: ArraySlice<UInt8>) {
        let running = state.withLock { state -> (any RunningCommand)? in
            guard !state.hasSeen else { return nil }
            state.beginning += String(decoding: piece, as: UTF8.self)
            state.hasSeen = store.showsObject(state.beginning)
            return state.hasSeen ? state.running : nil
        }
        running?.send(SIGKILL)
    }
}
