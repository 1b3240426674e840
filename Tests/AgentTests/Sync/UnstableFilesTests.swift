import Shared
import Testing

@testable import Agent

/// Files that never rest, and a disk that is full.
@Suite(.enabled(if: isInstalled("python3"), "python3 is not installed"))
struct UnstableFilesTests {
    /// Runs one of the chaos writers while `body` does.
    private func withWriter(
        _ kind: String, _ fixture: SyncFixture, _ body: () async throws -> Void
    ) async throws {
        let script = "\(ChaosWorld.scripts)/writers.py"
        let writer = try PosixRunner().start(
            Command("python3", [script, kind, fixture.output, fixture.logs, "1"]))
        try await body()
        writer.send(SIGKILL)
        _ = await writer.wait()
    }

    private func violations(_ fixture: SyncFixture) async throws -> [String] {
        try await ChaosWorld(root: fixture.root.path).violations(isResting: false)
    }

    /// Ticks until the object was replaced `times` times, and finds it whole each time.
    private func followed(_ path: String, times: Int, _ kind: String) async throws {
        let fixture = try SyncFixture(clock: ContinuousClock())
        let engine = try await fixture.ready { $0.maxStalenessSeconds = 0.2 }
        try await withWriter(kind, fixture) {
            var seen = Set<String>()
            let end = ContinuousClock.now + .seconds(60)
            while seen.count < times, ContinuousClock.now < end {
                await engine.tick()
                if let object = fixture.object(path) { seen.insert(object) }
                let found = try await violations(fixture)
                #expect(found == [])
            }
            #expect(seen.count == times)
        }
    }

    @Test func `something new beside it at every scan keeps a file waiting, but not for ever`()
        async throws
    {
        let fixture = try SyncFixture(clock: ContinuousClock())
        let engine = try await fixture.ready { $0.maxStalenessSeconds = 0.3 }
        var ticks = 0
        while fixture.object("output/d/latest.pt") == nil, ticks < 200 {
            ticks += 1
            try fixture.write("part", to: fixture.output + "/d/part-\(ticks)")
            try fixture.rename("latest \(ticks)", to: fixture.output + "/d/latest.pt")
            await engine.tick()
        }
        #expect(ticks > 1, "a closed part that is not settled holds it back at first")
        #expect(ticks < 200)
    }

    @Test func `a file rewritten in place all the time goes up, never torn`() async throws {
        try await followed("output/restless.bin", times: 3, "restless")
    }

    @Test func `a file replaced faster than any clock ticks goes up, never torn`() async throws {
        try await followed("output/quick_rename.json", times: 3, "quick_rename")
    }

    @Test func `more replaced files than are held at once all go up`() async throws {
        let fixture = try SyncFixture()
        let engine = try await fixture.ready()
        let names = (1...70).map { "\(fixture.output)/\($0)" }
        for turn in 1...3 {
            for name in names {
                try fixture.rename("\(turn)", to: name)
                // Never later changed than written, so that no rename shows.
                let late = [timespec(), timespec(tv_sec: 4_000_000_000, tv_nsec: turn)]
                #expect(utimensat(AT_FDCWD, name, late, 0) == 0)
            }
            await engine.tick()
        }
        #expect(try fixture.manifest().files.count == names.count)
    }

    @Test func `a large file that is opened all the time is kept closed for its copy`()
        async throws
    {
        let fixture = try SyncFixture(clock: ContinuousClock())
        let path = fixture.output + "/large.bin"
        try fixture.write(String(repeating: "0123456789abcdef", count: 8 << 20), to: path)
        let engine = try await fixture.ready { $0.maxStalenessSeconds = 0.2 }
        // Closed for less than a copy takes.
        let program = """
            import sys, time
            while True:
                with open(sys.argv[1], 'r+b') as file: file.write(b'%020d' % time.monotonic_ns())
                time.sleep(0.04)
            """
        let writer = try PosixRunner().start(Command("python3", ["-c", program, path]))
        let end = ContinuousClock.now + .seconds(60)
        while fixture.object("output/large.bin") == nil, ContinuousClock.now < end {
            await engine.tick()
        }
        #expect(fixture.object("output/large.bin")?.utf8.count == 128 << 20)
        writer.send(SIGKILL)
        _ = await writer.wait()
    }

    @Test func `a mapped file goes up only while nobody has it mapped`() async throws {
        try await followed("output/mapped.bin", times: 2, "mapped")
    }

    @Test func `a file that changes between two scans of the same second is sent again`()
        async throws
    {
        let fixture = try SyncFixture()
        let engine = try await fixture.ready()
        for content in ["one", "two", "six"] {
            try fixture.rename(content, to: fixture.output + "/model.pt")
            await engine.tick()
            #expect(fixture.object("output/model.pt") == content)
        }
    }

    @Test(.enabled(if: SmallDisk.isPossible, "needs root and tmpfs"))
    func `a full disk stops no sync`() async throws {
        let mounted = try TemporaryDirectory()
        defer { mounted.remove() }
        try SmallDisk.make(at: mounted.path, megabytes: 8)
        defer { SmallDisk.unmount(mounted.path) }
        let fixture = try SyncFixture(machine: mounted.path)
        let big = String(repeating: "x", count: 5 << 20)
        try fixture.write(big, to: fixture.output + "/in_place.bin")
        try fixture.write(String(repeating: "line\n", count: 300_000), to: fixture.logs + "/a.log")
        let engine = try await fixture.ready()
        try SmallDisk.fill(mounted.path + "/output/rest.bin")
        // Two ticks, or more where a child that is just being started still has our descriptors.
        for _ in 1...100 {
            await engine.tick()
            if fixture.object("output/rest.bin") != nil { break }
        }
        await engine.tick()
        #expect(fixture.record.lastError == nil)
        #expect(fixture.told(.warning) == [])
        #expect(fixture.object("output/in_place.bin")?.count == big.count)
        #expect(fixture.object("logs/a.log")?.count == 1_500_000)
        #expect(try fixture.manifest().files.map(\.path).contains("output/rest.bin"))
        try await engine.finish(until: nil)
        #expect(try fixture.manifest().final)
    }

    @Test(.enabled(if: SmallDisk.isPossible, "needs root and tmpfs"))
    func `what a trainer left half-written on a full disk is known to the next agent`() async throws
    {
        let mounted = try TemporaryDirectory()
        defer { mounted.remove() }
        try SmallDisk.make(at: mounted.path, megabytes: 8)
        defer { SmallDisk.unmount(mounted.path) }
        let fixture = try SyncFixture(machine: mounted.path)
        try fixture.rename("whole", to: fixture.output + "/a.pt")
        let first = try await fixture.ready()
        await first.tick()
        // More than what the journal's last block has room for.
        let names = (1...200).map { "\($0)-" + String(repeating: "n", count: 100) }
        for name in names { try fixture.write("half", to: "\(fixture.output)/\(name)") }
        try SmallDisk.fill(mounted.path + "/hog")
        await first.trainerEnded(abnormally: true)

        unlink(mounted.path + "/hog")
        let second = try await fixture.ready()
        for _ in 1...3 { await second.tick() }
        #expect(names.filter { fixture.object("output/\($0)") != nil } == [])
        #expect(names.filter { fixture.object("output/\($0).partial") != "half" } == [])
        #expect(fixture.object("output/a.pt") == "whole")
    }
}
