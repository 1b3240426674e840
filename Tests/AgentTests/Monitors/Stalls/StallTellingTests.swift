import Shared
import TestSupport
import Testing

@testable import Agent

/// What a training that stands still leaves to read, where the disk is full.
@Suite(.timeLimit(.minutes(1))) struct StallTellingTests {
    private let clock = ManualClock()
    private let runner = ScriptedRunner { command in
        let words = command.executable == "dmesg" ? "[  1.0] eth0: link up\n" : ""
        return CommandResult(termination: .exited(0), output: words)
    }

    /// What the alert of a stall says.
    private func alert(_ prepare: (String) throws -> Void) async throws -> Event {
        var alert: Event?
        try await RunFixture.with(
            runner: runner, clock: clock, change: { $0.stallAfterSeconds = 60 }
        ) { fixture in
            let context = fixture.context
            let logs = context.job.directories.logs
            try prepare(logs)
            defer { SmallDisk.unmount(logs) }
            context.board.update { $0.trainerPid = getpid() }
            var watch = StallMonitor.StallWatch(context)
            for _ in 1...3 {
                try await clock.sleep(for: .seconds(50))
                await watch.look()
            }
            await context.board.written()
            let lines = try readFile(context.job.work.events).split(separator: 0x0A)
            let events = try lines.map { try JSONFormat.decoder().decode(Event.self, from: $0) }
            let alerts = events.filter { $0.kind == .alert }
            #expect(alerts.count == 1)
            alert = alerts.first
            let report = logs + "/" + BucketLayout.stallReport(1)
            let told = context.board.status.stalled
            #expect(told != nil)
            #expect((told?.report == "logs/stall-1.txt") == exists(report))
            guard exists(report) else { return }
            #expect(String(decoding: try readFile(report), as: UTF8.self).contains("eth0: link up"))
        }
        return try #require(alert)
    }

    @Test func `an alert says where the report is`() async throws {
        let alert = try await alert { _ in }
        #expect(alert.message.hasSuffix("; where it stands: logs/stall-1.txt"), "\(alert.message)")
    }

    @Test(.enabled(if: SmallDisk.isPossible, "needs root and tmpfs"))
    func `an alert says that the disk did not take the report`() async throws {
        let alert = try await alert { logs in
            try SmallDisk.make(at: logs, megabytes: 1)
            try SmallDisk.fill(logs + "/model.pt")
            // As old as a file of a training that stands still.
            var times = [timespec(nanoseconds: 1), timespec(nanoseconds: 1)]
            #expect(utimensat(AT_FDCWD, logs + "/model.pt", &times, 0) == 0)
        }
        #expect(alert.message.contains("; where it stands is not kept: cannot write"))
        #expect(alert.message.contains("No space left"), "\(alert.message)")
    }
}
