import Shared
import Synchronization
import TestSupport
import Testing

@testable import Agent

/// What the reader costs; run with TRAIN_WATCH_BENCHMARK=1, prints one line for each interface.
@Suite(.serialized) struct WatchBenchmarkTests {
    private static let isAsked =
        ProcessInfo.processInfo.environment["TRAIN_WATCH_BENCHMARK"] != nil
    private static let files = 100_000

    @Test(.enabled(if: isAsked, "a benchmark"), arguments: Interface.allCases)
    func `a hundred thousand files closed as fast as one process can`(interface: Interface)
        async throws
    {
        let world = try WatchWorld()
        let watch = try interface.watch(world)
        let code = """
            import os, sys, time
            os.chdir(sys.argv[1])
            for number in range(int(sys.argv[2])):
                if number % 1000 == 0: os.mkdir(f'output/{number // 1000}')
                os.close(os.open(f'output/{number // 1000}/{number}', os.O_WRONLY | os.O_CREAT))
            open('oracle/done', 'w').close()
            time.sleep(60)
            """
        let (memory, cpu, start) = (Self.resident(), Self.cpuSeconds(), ContinuousClock.now)
        let writer = try PosixRunner().start(
            Command("python3", ["-c", code, world.scratch.path, "\(Self.files)"]))
        defer { writer.send(SIGKILL) }
        watch.follow(root: writer.pid)
        try await Eventually.holds { exists(world.scratch.path + "/oracle/done") }
        let written = ContinuousClock.now - start
        try await Eventually.holds(within: .seconds(20)) {
            watch.drain()
            return world.isComplete("output/99/99999", watch)
        }
        print(
            "\(interface): \(Self.files) closes in \(written),",
            "reader's CPU \(Self.cpuSeconds() - cpu) s, \(watch.counts.events) events,",
            "\(watch.counts.complete) complete, resident \((Self.resident() - memory) / 1024) KiB more,",
            "notes \(world.notes.withLock { $0 })")
        #expect(watch.counts.complete > 0)
    }

    private static func cpuSeconds() -> Double {
        // utime and stime of proc(5).
        let ticks = ProcessIdentity.statFields(of: getpid())?[11...12].compactMap { Double($0) }
        return (ticks ?? []).reduce(0, +) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// In bytes; 0 where the system does not tell.
    private static func resident() -> Int {
        guard let data = try? readFile("/proc/self/statm") else { return 0 }
        let fields = String(decoding: data, as: UTF8.self).split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
    }
}
