import Shared
import Synchronization

/// The machine over SSH where it answers, else the bucket.
///
/// While the machine is silent it is tried again all the time, beside what the bucket is asked: its
/// return cuts short a look at the bucket that is under way.
final class RoadSwitch: RunPlace {
    private struct State {
        var machine: MachineSource
        var isUp = true
        var probing: Task<Void, Never>?
    }

    private let bucket: BucketSource
    private let renew: @Sendable () async throws -> MachineSource
    private let clock: any Clock<Duration>
    private let state: Mutex<State>

    /// Between two tries: with OpenSSH's time-out for one, a machine that is back is seen within 3 s.
    private static let probeInterval: Duration = .milliseconds(500)
    /// Between two looks whether the machine has another address now.
    private static let renewalInterval: Duration = .seconds(30)

    /// - Parameter renew: the machine anew, as the bucket tells of it now.
    init(
        machine: MachineSource, bucket: BucketSource, clock: any Clock<Duration>,
        renew: @escaping @Sendable () async throws -> MachineSource
    ) {
        self.bucket = bucket
        self.renew = renew
        self.clock = clock
        state = Mutex(State(machine: machine))
    }

    deinit { state.withLock { $0.probing?.cancel() } }

    private var isUp: Bool { state.withLock { $0.isUp } }
    private var machine: MachineSource { state.withLock { $0.machine } }

    var kind: SourceKind { isUp ? machine.kind : bucket.kind }

    func read(_ path: String, _ range: Range<Int64>) async throws -> Data {
        try await answer { try await $0.read(path, range) }
    }

    func size(of path: String) async throws -> Int64 {
        try await answer { try await $0.size(of: path) }
    }

    func list(_ tree: String) async throws -> [ListedFile] {
        try await answer { try await $0.list(tree) }
    }

    func pause() async throws {
        if isUp { return try await machine.pause() }
        _ = try await untilUp { [bucket] in try await bucket.pause() }
    }

    private func answer<Answer: Sendable>(
        _ ask: @escaping @Sendable (any RunPlace) async throws -> Answer
    ) async throws -> Answer {
        while true {
            try Task.checkCancellation()
            if isUp {
                do {
                    return try await ask(machine)
                } catch is Failure {
                    lost()
                }
            }
            let answer = try await untilUp { [bucket] in try await ask(bucket) }
            if let answer { return answer }
        }
    }

    /// Runs `body` until the machine answers again.
    ///
    /// - Returns: nil where the machine was first.
    private func untilUp<Answer: Sendable>(
        _ body: @escaping @Sendable () async throws -> Answer
    ) async throws -> Answer? {
        try await withThrowingTaskGroup(of: Answer?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                while !self.isUp { try await self.clock.sleep(for: .milliseconds(100)) }
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    private func lost() {
        state.withLock { state in
            guard state.isUp else { return }
            state.isUp = false
            state.probing = Task { [weak self, clock] in
                await withTaskGroup { group in
                    group.addTask { await self?.probe(clock) }
                    group.addTask {
                        while !Task.isCancelled {
                            do { try await clock.sleep(for: Self.renewalInterval) } catch { return }
                            guard let self, !self.isUp else { return }
                            if let new = try? await self.renew() {
                                self.state.withLock { $0.machine = new }
                            }
                        }
                    }
                    await group.next()
                    group.cancelAll()
                }
            }
        }
    }

    private func probe(_ clock: any Clock<Duration>) async {
        while !Task.isCancelled {
            if (try? await machine.connection.probe()) != nil {
                return state.withLock { $0.isUp = true }
            }
            do { try await clock.sleep(for: Self.probeInterval) } catch { return }
        }
    }
}
