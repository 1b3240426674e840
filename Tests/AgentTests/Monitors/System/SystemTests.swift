import Shared
import Synchronization
import TestSupport
import Testing

@testable import Agent

/// What the kernel and nvidia-smi say, as lines of `logs/system.jsonl`.
@Suite struct MachineCountersTests {
    @Test func `processor time is that of all cores, without waiting`() {
        var counters = MachineCounters()
        counters.readProcessor("cpu  100 5 45 800 50 3 2 5 70 0\ncpu0 1 1 1 1 1\n")
        #expect(counters.allTicks == 1010)
        #expect(counters.busyTicks == 160)
    }

    @Test func `used memory is what no program can have`() {
        var counters = MachineCounters()
        counters.readMemory("MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable: 400 kB\n")
        #expect(counters.memoryTotal == 1_024_000)
        #expect(counters.memoryUsed == 614_400)
    }

    @Test func `partitions and layers over disks are not counted twice`() {
        var counters = MachineCounters()
        counters.readDisks(
            """
               8  0 sda 100 0 2000 5 50 0 4000 9 0 0 0
               8  1 sda1 100 0 2000 5 50 0 4000 9 0 0 0
             254  0 dm-0 100 0 2000 5 50 0 4000 9 0 0 0
             259  0 nvme0n1 7 0 10 5 8 0 20 9 0 0 0
            """
        ) { $0 != "sda1" }
        #expect(counters.diskRead == 2010 * 512)
        #expect(counters.diskWritten == 4020 * 512)
    }

    @Test(arguments: [(true, UInt64(300), UInt64(30)), (false, 307, 37)])
    func `cards count where there are some`(hasCard: Bool, received: UInt64, sent: UInt64) {
        var counters = MachineCounters()
        counters.readNetworks(
            """
            Inter-|   Receive                            |  Transmit
             face |bytes packets errs drop fifo frame compressed multicast|bytes packets
                lo: 999 1 0 0 0 0 0 0 999 1 0 0 0 0 0 0
              ens5: 300 3 0 0 0 0 0 0 30 2 0 0 0 0 0 0
            docker0:7 3 0 0 0 0 0 0 7 2 0 0 0 0 0 0
            """
        ) { hasCard && $0 == "ens5" }
        #expect(counters.netReceived == received)
        #expect(counters.netSent == sent)
    }

    @Test func `a line has numbers alone, and none where nothing is known`() throws {
        var before = MachineCounters()
        (before.busyTicks, before.allTicks, before.diskRead) = (100, 1000, 50)
        var now = MachineCounters()
        (now.busyTicks, now.allTicks, now.diskRead, now.diskWritten) = (150, 1400, 1050, 7)
        var gpu = try #require(GPUStream.gpu(in: "0, 97, 40123, 81559, 71, [N/A]".utf8))
        gpu.watts = .infinity
        let load = MachineLoad(
            from: before, to: now, seconds: 10, diskFree: 12_345, gpus: [gpu])
        #expect(
            load.line(at: Date(timeIntervalSince1970: 1_800_000_000.26))
                == "{\"time\": 1800000000.3, \"cpu_percent\": 12.5, \"disk_free_bytes\": 12345, "
                + "\"disk_read_bytes_per_second\": 100, \"gpu0_percent\": 97, "
                + "\"gpu0_memory_used_bytes\": 42072014848, "
                + "\"gpu0_memory_total_bytes\": 85520809984, \"gpu0_celsius\": 71}\n")
        #expect(load.text == "GPU 0 97 % 42/85 GB 71 °C, CPU 13 %")
    }

    @Test(arguments: [
        "", "0, 97", "x, 1, 2, 3, 4, 5", "99, 1, 2, 3, 4, 5", "No devices were found",
    ])
    func `anything else is no GPU`(line: String) { #expect(GPUStream.gpu(in: line.utf8) == nil) }
}

@Suite(.timeLimit(.minutes(5))) struct GPUStreamTests {
    /// The first hangs after a line; the next one answers too.
    @Test func `a tool that hangs is started again, and none is left`() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let tool = directory.path + "/smi"
        let pids = directory.path + "/pids"
        try AtomicFile.write(
            Data(
                """
                #!/bin/sh
                trap '' TERM
                echo $$ >> \(pids)
                echo '0, 97, 40123, 81559, 71, 412.35'
                while :; do sleep 0.1; done

                """.utf8), to: tool, mode: 0o755)
        func started() -> [Int32] {
            String(decoding: (try? readFile(pids)) ?? Data(), as: UTF8.self).split(separator: "\n")
                .compactMap { Int32($0) }
        }
        let stream = GPUStream(Host(clock: SlowClock()), program: tool)
        let running = Task { await stream.run() }
        try await Eventually.holds { stream.gpus.first?.percent == 97 }
        try await Eventually.holds { started().count >= 2 }
        running.cancel()
        await running.value
        try await Eventually.holds { started().allSatisfy { ProcessIdentity(of: $0) == nil } }
    }
}

@Suite struct SystemFileTests {
    private func lines(_ path: String) -> Int {
        ((try? readFile(path, limit: 64 << 20)) ?? Data()).split(separator: 0x0A).count
    }

    @Test func `a training that prints nothing is not sent each minute for its rest`() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let start = Date(timeIntervalSince1970: 1_800_000_000)
        var file = SystemFile(
            logs: directory.path, startedAt: start, mode: 0o600,
            warn: { Issue.record("\($0)") })
        let path = directory.path + "/" + BucketLayout.system
        var sizes: Set<Int> = []
        for look in 1...60 {
            file.add(MachineLoad(), at: start.addingTimeInterval(Double(look) * 10))
            sizes.insert(lines(path))
        }
        #expect(sizes == [0, 30, 60])
        try AtomicFile.write(Data("step 1".utf8), to: directory.path + "/train.log")
        for look in 61...66 {
            file.add(MachineLoad(), at: start.addingTimeInterval(Double(look) * 10))
        }
        #expect(lines(path) == 66)
    }

    @Test func `after a day a line a minute is kept, and a million seconds stay below 100 MB`()
        throws
    {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let start = Date(timeIntervalSince1970: 1_800_000_000)
        var file = SystemFile(
            logs: directory.path, startedAt: start, mode: 0o600,
            warn: { Issue.record("\($0)") })
        let gpus = (0..<8).compactMap {
            GPUStream.gpu(in: "\($0), 97, 40123, 81559, 71, 412.35".utf8)
        }
        var load = MachineLoad(gpus: gpus)
        (load.processor, load.diskFree) = (77.7, 9_000_000_000_000)
        (load.memoryUsed, load.memoryTotal) = (1_900_000_000_000, 2_000_000_000_000)
        (load.diskRead, load.diskWritten) = (70_000_000_000, 70_000_000_000)
        (load.netReceived, load.netSent) = (70_000_000_000, 70_000_000_000)
        // Half an hour before the day is over, and an hour after it.
        for look in stride(from: 84_600.0, to: 90_000, by: 10) {
            file.add(load, at: start.addingTimeInterval(look))
        }
        file.finish()
        #expect(lines(directory.path + "/" + BucketLayout.system) == 180 + 60)
        let length = Double(load.line(at: start).utf8.count)
        #expect(
            length * (86_400 / 10 + (1_000_000 - 86_400) / 60) < 100e6, "\(length) bytes a line")
    }

    @Test(.enabled(if: SmallDisk.isPossible, "needs root and tmpfs"))
    func `a full disk is told, and its lines are written once there is room`() throws {
        let mounted = try TemporaryDirectory()
        defer { mounted.remove() }
        try SmallDisk.make(at: mounted.path, megabytes: 1)
        defer { SmallDisk.unmount(mounted.path) }
        let path = mounted.path + "/" + BucketLayout.system
        // Half a line fits: it must not stay.
        try AtomicFile.write(Data("{}\n".utf8), to: path)
        try SmallDisk.fill(mounted.path + "/model.pt")
        let start = Date(timeIntervalSince1970: 1_800_000_000)
        let told = Mutex<[String]>([])
        var file = SystemFile(
            logs: mounted.path, startedAt: start, mode: 0o600,
            warn: { text in told.withLock { $0.append(text) } })
        let load = MachineLoad(
            gpus: (0..<8).compactMap {
                GPUStream.gpu(in: "\($0), 97, 40123, 81559, 71, 412.35".utf8)
            })
        for look in 1...30 { file.add(load, at: start.addingTimeInterval(Double(look) * 10)) }
        #expect(lines(path) == 1)
        let words = "what the machine does is not written down for now: "
        #expect(told.withLock { $0.first?.hasPrefix(words) == true }, "\(told.withLock { $0 })")
        #expect(told.withLock { $0.first?.contains("No space left") == true })
        file.finish()
        #expect(told.withLock { $0.last } == "the last 30 lines of logs/system.jsonl are lost")
        #expect(unlink(mounted.path + "/model.pt") == 0)
        file.add(load, at: start.addingTimeInterval(310))
        #expect(lines(path) == 32)
    }
}
