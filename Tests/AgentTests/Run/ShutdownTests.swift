import Shared
import TestSupport
import Testing

@testable import Agent

/// What stands between a notice and the final sync, and who gets how much time.
@Suite(.timeLimit(.minutes(5))) struct ShutdownTests {
    @Test func `the grace of a machine that is taken away leaves time for the final sync`() {
        let clock = ManualClock()
        let stop = StopRequest(clock: clock, allowed: .seconds(22))
        stop.request(.preempted)
        #expect(stop.graceLeft(.seconds(3600)) == .seconds(11))
        #expect(stop.graceLeft(.seconds(2)) == .seconds(2))
        #expect(stop.timeLeft == .seconds(22))
    }

    @Test func `all steps share one budget that counts from the notice`() async throws {
        let clock = ManualClock()
        let stop = StopRequest(clock: clock, allowed: .seconds(22))
        stop.request(.preempted)
        try await clock.sleep(for: .seconds(9))
        #expect(stop.graceLeft(.seconds(20)) == .seconds(2))
        #expect(stop.timeLeft == .seconds(13))
        try await clock.sleep(for: .seconds(60))
        #expect(stop.timeLeft == .zero)
    }

    @Test func `a user's stop has its whole grace and no limit`() {
        let stop = StopRequest(clock: ManualClock())
        stop.request(.signal(SIGTERM))
        #expect(stop.graceLeft(.seconds(3600)) == .seconds(3600))
        #expect(stop.timeLeft == nil)
    }

    @Test func `until systemd has answered the time is as short as it may be`() {
        let stop = StopRequest(clock: ManualClock(), allowed: .seconds(22))
        stop.request(.signal(SIGTERM), isOpen: true)
        #expect(!stop.isDecided)
        #expect(stop.timeLeft == .seconds(22))
        stop.decide(.signal(SIGTERM))
        stop.decide(.preempted)
        #expect(stop.isDecided)
        #expect(stop.reason == .signal(SIGTERM))
        #expect(stop.timeLeft == nil)
    }

    @Test func `a systemctl that hangs delays nothing`() async throws {
        let runner = HangingRunner(hanging: "systemctl")
        defer { runner.isOver.set() }
        try await RunFixture.with(runner: runner, clock: HeldClock()) { fixture in
            let stop = fixture.context.stop
            SignalWatch.receive(SIGTERM, fixture.context, isSystemdThere: true)
            // The trainer is told before anybody has answered.
            #expect(stop.reason == .signal(SIGTERM))
            #expect(!stop.isDecided)
            // The final sync does not wait either.
            _ = try await fixture.context.engine.restore()
            await RunShutdown(context: fixture.context).finalSync()
            #expect(fixture.context.journal.verified)
            #expect(!stop.isDecided)
            stop.decide(.preempted)
        }
    }

    @Test func `a final sync begins anew when the machine is taken away under it`() async throws {
        try await RunFixture.with { fixture in
            // The store is gone: without a notice it would be tried for an hour.
            try FileManager.default.removeItem(atPath: fixture.bucket)
            try AtomicFile.write(Data(), to: fixture.bucket)
            let context = fixture.context
            let end = Task { await RunShutdown(context: context).finalSync() }
            try await Eventually.holds { context.board.status.sync.consecutiveFailures > 0 }
            context.stop.takenAway(PreemptionNotice(allowed: .milliseconds(1)))
            await end.value
            #expect(!context.journal.verified)
        }
    }

    @Test func `a machine that its cloud starts again is left to its cloud`() async throws {
        try await RunFixture.with(clock: HeldClock()) { fixture in
            let context = fixture.context
            let notice = PreemptionNotice(allowed: .seconds(110), mustAwaitCloud: true)
            context.stop.takenAway(notice)
            try await context.record {
                $0.outcome = Outcome(kind: .preempted, phase: .train, message: "taken")
            }
            let hasEnded = Latch()
            let end = Task {
                await RunShutdown(context: context).end(publishes: false)
                hasEnded.set()
            }
            try await Eventually.holds { context.board.status.phase == .finished }
            #expect(!hasEnded.isSet)
            context.stop.request(.signal(SIGTERM))
            await end.value
        }
    }

    @Test(arguments: [
        (Outcome.Kind.preempted, false), (.succeeded, true), (.stopped, true),
    ])
    func `any other machine is not waited for`(
        kind: Outcome.Kind, mustAwaitCloud: Bool
    ) async throws {
        try await RunFixture.with(clock: HeldClock()) { fixture in
            fixture.context.stop.takenAway(
                PreemptionNotice(allowed: .seconds(110), mustAwaitCloud: mustAwaitCloud))
            try await fixture.context.record {
                $0.outcome = Outcome(kind: kind, phase: .train, message: "over")
            }
            await RunShutdown(context: fixture.context).end(publishes: false)
        }
    }

    @Test func `a tool that hangs costs the capsule its own fact alone`() async throws {
        let runner = HoldingRunner(holding: "nvidia-smi")
        try await RunFixture.with(runner: runner) { fixture in
            let path = fixture.context.job.work.capsule
            fixture.context.capsule.begin()
            let capsule = try await Eventually.value {
                let data = try? readFile(path)
                let read = try data.map {
                    try JSONFormat.decode(Capsule.self, from: $0, name: path)
                }
                return read?.dataset == nil ? nil : read
            }
            #expect(capsule.gpus.isEmpty)
            #expect(capsule.endedAt == nil)
            let end = Date(timeIntervalSince1970: 1_700_000_000)
            await fixture.context.capsule.finish(at: end, waiting: .zero)
            let last = try JSONFormat.decode(Capsule.self, from: readFile(path), name: path)
            #expect(last.endedAt == end)
        }
    }

    /// By hand: nobody but the user can say that it is in vain.
    @Test func `a second signal ends a final sync that cannot succeed`() async throws {
        try await RunFixture.with { fixture in
            // The store is gone and stays so.
            try FileManager.default.removeItem(atPath: fixture.bucket)
            try AtomicFile.write(Data(), to: fixture.bucket)
            let context = fixture.context
            context.stop.request(.signal(SIGINT))
            let end = Task { await RunShutdown(context: context).finalSync() }
            try await Eventually.holds { context.board.status.sync.consecutiveFailures > 0 }
            context.stop.request(.signal(SIGINT))
            await end.value
            #expect(!context.journal.verified)
            #expect(context.board.status.warnings.contains { $0.contains("not verified") })
        }
    }

    @Test func `what happens to the machine is the job's word`() {
        #expect(EndPolicy(powerOff: nil) == .stayOn)
        #expect(EndPolicy(powerOff: []) == .stayOn)
        #expect(
            EndPolicy(powerOff: ["systemctl", "poweroff"])
                == .powerOff(executable: "systemctl", arguments: ["poweroff"]))
    }
}

/// Runs commands for real, but one executable ignores every signal until the test is over.
private struct HangingRunner: CommandRunner {
    let hanging: String
    let isOver = Latch()

    func start(
        _ command: Command, onOutput: (@Sendable (ArraySlice<UInt8>) -> Void)?
    ) throws -> any RunningCommand {
        guard command.executable == hanging else {
            return try PosixRunner().start(command, onOutput: onOutput)
        }
        return Hanging(isOver: isOver)
    }

    private struct Hanging: RunningCommand {
        let pid: Int32 = 0
        let isOver: Latch

        func wait() async -> CommandResult {
            while !isOver.isSet {
                // In a task of its own: a sleep in a cancelled one would return at once.
                await Task { try? await Task.sleep(for: .milliseconds(5)) }.value
            }
            return CommandResult(termination: .exited(0))
        }

        func send(_ signal: Int32) {}
    }
}

/// A clock on which nobody waits to the end: only an answer, or a cancellation, goes on.
private struct HeldClock: Clock {
    var now: ContinuousClock.Instant { ContinuousClock.now }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
        let (stream, _) = AsyncStream.makeStream(of: Void.self)
        for await _ in stream {}
        try Task.checkCancellation()
    }
}
