import Shared
import TestSupport
import Testing

/// Trainings that hang, with real ones.
@Suite(.timeLimit(.minutes(10))) struct AgentStallTests {
    /// Hangs in a lock at its first start, and ends at the second.
    private static let main = """
        import os, pathlib, sys, threading
        out = pathlib.Path(os.environ["AI_TRAINING_OUTPUT_DIRECTORY"])

        def wait_for_ever(lock):
            lock.acquire()

        if (out / "begun").exists():
            (out / "model").write_text("trained")
            sys.exit(0)
        (out / "begun").write_text("1")
        print("step 1", flush=True)
        lock = threading.Lock()
        lock.acquire()
        wait_for_ever(lock)
        """

    private func reports(_ fixture: AgentFixture) -> [String] {
        (1...9).compactMap { fixture.inBucket("logs/" + BucketLayout.stallReport($0)) }
    }

    @Test func `one that hangs in a lock is shown where, and started again`() async throws {
        try await AgentFixture.with(
            main: Self.main,
            change: { job in
                (job.onStall, job.stallAfterSeconds, job.maxRestarts) = (.restart, 5, 9)
            }
        ) { fixture in
            let result = await (try fixture.start()).wait()
            #expect(result.termination == .exited(0), "\(result.errorOutput)")
            try fixture.expectEnded(.succeeded)
            #expect(fixture.inBucket("output/model") == "trained")
            let report = try #require(reports(fixture).first { $0.contains("wait_for_ever") })
            #expect(report.hasPrefix("The training stands still: nothing printed or written for"))
            #expect(report.contains("main.py"))
            #expect(report.contains("== the kernel's last lines"))
            let status = try fixture.status()
            #expect(status.restarts > 0)
            #expect(status.stalled == nil)
            let events = fixture.inBucket(BucketLayout.events) ?? ""
            #expect(events.contains("where it stands: logs/stall-1.txt"), "\(events)")
        }
    }

    @Test func `one that may not stand still is stopped, with an outcome of its own`() async throws
    {
        try await AgentFixture.with(
            main: Self.main,
            change: { job in
                (job.onStall, job.stallAfterSeconds) = (.stop, 2)
                job.observe = false
            }
        ) { fixture in
            let running = try fixture.start()
            let result = await running.wait()
            #expect(result.termination != .exited(0))
            try fixture.expectEnded(.stalled)
            let report = try #require(reports(fixture).first)
            // Without the observer the kernel's own words are all there is.
            #expect(report.contains("State:"))
        }
    }
}
