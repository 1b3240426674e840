import Synchronization

/// Runs a transfer and kills it, its whole process group, once it has moved nothing for `timeout`.
package struct StallWatch: Sendable {
    package let timeout: Duration
    /// How often it is looked at.
    var interval: Duration
    var clock: any Clock<Duration> = ContinuousClock()
    /// Below this it is no transfer: a tool that waits for a dead server still wakes and talks to
    /// itself through its pipes.
    static let leastBytes: Int64 = 4096

    package init(timeout: Duration, interval: Duration? = nil) {
        self.timeout = timeout
        self.interval = interval ?? min(.seconds(2), timeout / 10)
    }

    private enum End {
        case ended(CommandResult)
        case stalled
        case tooLarge
        case cancelled
    }

    /// Runs `command` to its end, or to that of its limit.
    ///
    /// - Throws: `Failure` where it cannot be started, stalls or brings more than `limit`,
    ///   `CancellationError` where the task is cancelled; its processes are gone then.
    package func run(
        _ command: Command, within limit: TransferLimit? = nil, with runner: any CommandRunner
    ) async throws -> CommandResult {
        let count = Counter()
        let running = try runner.start(command) { piece in count.add(Int64(piece.count)) }
        return try await withThrowingTaskGroup(of: End.self) { group in
            group.addTask { .ended(await running.wait()) }
            group.addTask { await stall(of: running, printed: count) }
            if let limit {
                group.addTask {
                    do { try await limit.watch(clock) } catch { return .cancelled }
                    return .tooLarge
                }
            }
            let first = try await group.next()
            defer { group.cancelAll() }
            if case .ended(let result) = first {
                if let limit, limit.isPassed { throw limit.failure }
                return result
            }
            // In the group: waiting for the child is not ended by a cancellation, its death ends it.
            // What brings too much goes on bringing it in its grace.
            let isFlood = if case .tooLarge = first { true } else { false }
            let result = await running.stop(grace: isFlood ? .zero : .seconds(5))
            if let limit, limit.isPassed { throw limit.failure }
            if result.succeeded { return result }
            if case .cancelled = first { throw CancellationError() }
            throw Failure(
                "\(command.tool) moved nothing for \(Int(timeout.seconds.rounded(.up))) s "
                    + "and was stopped",
                hint: "check the network; what was being moved is tried again by the next call")
        }
    }

    /// Returns once nothing moved for too long, or the task is cancelled.
    private func stall(of running: any RunningCommand, printed: Counter) async -> End {
        var seen: Int64 = 0
        var quiet: Duration = .zero
        while true {
            do { try await clock.sleep(for: interval) } catch { return .cancelled }
            let moved = ProcessTraffic.bytes(ofGroup: running.pid) + printed.value
            // Less than before: one of its processes has ended, hence done its work.
            if moved < seen || moved - seen >= Self.leastBytes {
                seen = moved
                quiet = .zero
            } else {
                quiet += interval
                if quiet >= timeout { return .stalled }
            }
        }
    }
}

/// A number that grows, from any thread.
private final class Counter: Sendable {
    private let count = Mutex<Int64>(0)
    func add(_ more: Int64) { count.withLock { $0 += more } }
    var value: Int64 { count.withLock { $0 } }
}

extension Command {
    /// The program's bare name, for a sentence.
    var tool: String {
        if arguments.first == DirectoryStoreCommand.name { return DirectoryStoreCommand.name }
        return executable.split(separator: "/").last.map(String.init) ?? executable
    }
}
