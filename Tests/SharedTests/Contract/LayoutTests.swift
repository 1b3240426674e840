import Shared
import Testing

/// Paths and intervals on which several programs must agree.
@Suite struct LayoutTests {
    @Test func `cloud-init spells the paths of a rented machine as the programs do`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        func text(_ path: String) throws -> String {
            String(decoding: try readFile(root.path + "/" + path), as: UTF8.self)
        }
        let unit = try text("cloud-init/train-agent.service")
        #expect(unit.contains("ExecStart=\(MachineLayout.agent) run --job \(MachineLayout.job)\n"))
        #expect(unit.contains("WorkingDirectory=\(MachineLayout.root)\n"))
        let bootstrap = try text("cloud-init/bootstrap.sh")
        #expect(bootstrap.contains("AGENT=\(MachineLayout.agent)\n"))
        #expect(bootstrap.contains("DATA=\(MachineLayout.fastDisk)\n"))
        #expect(bootstrap.contains("mkdir -p \(MachineLayout.root)\n"))
        let settings = try text("Sources/Launcher/Clouds/Terraform/settings.tf")
        #expect(settings.contains("\"\(MachineLayout.job)\""))
    }

    @Test func `a work directory holds the files of the bucket under their names`() {
        let work = WorkDirectory("/w")
        #expect(work.status == "/w/run/status.json")
        #expect(work.events == "/w/run/events.jsonl")
        #expect(work.capsule == "/w/run/capsule.json")
    }

    /// The oldest heartbeat that a bucket shows of a healthy agent: it was written up to
    /// `onMachine` before its upload, the upload waits for a sync, and then takes its time.
    @Test(arguments: [1, 60, 600, 3600] as [Double])
    func `a healthy heartbeat is never stale`(syncInterval: Double) {
        let upload = 120.0
        let oldest =
            Heartbeat.onMachine.seconds + Heartbeat.inBucket.seconds + syncInterval + upload
        #expect(oldest < Heartbeat.staleAfter(syncIntervalSeconds: syncInterval))
    }

    @Test func `an attempt is one start of the trainer`() {
        var attempt = Attempt()
        #expect(attempt.number == 1)
        attempt = attempt.restarted.restarted
        #expect(attempt.number == 3)
        #expect(attempt.onNextMachine == Attempt(machine: 2, restarts: 2))
    }
}
