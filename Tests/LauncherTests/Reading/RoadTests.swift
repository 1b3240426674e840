import Shared
import Synchronization
import TestSupport
import Testing

@testable import Launcher

/// Following a log over a real ssh whose network is disturbed, with a bucket beside it.
@Suite(
    .serialized, .timeLimit(.minutes(30)),
    .enabled(if: LoopbackMachine.obstacle == nil, "\(LoopbackMachine.obstacle ?? "")"))
struct RoadTests {
    private let machine: LoopbackMachine
    private let directories: Job.Directories
    private let clock = ContinuousClock()

    init() async throws {
        machine = try await LoopbackMachine()
        let root = machine.scratch.path + "/machine"
        directories = Job.Directories(
            work: root + "/work", code: root + "/code", dataset: root + "/dataset",
            output: root + "/output", logs: root + "/logs")
        try makeDirectories(directories.logs)
        try makeDirectories(directories.work + "/run")
        try makeDirectories(machine.scratch.path + "/bucket/logs")
        try machine.scratch.write(
            "{\"attempt\":1,\"offset\":0,\"time\":\"2027-01-15T08:00:00Z\"}\n",
            to: "machine/logs/train_log_index.jsonl")
    }

    private func road() throws -> RoadSwitch {
        let source = MachineSource(
            connection: try machine.connection(), directories: directories, kind: .ssh,
            clock: clock)
        let client = try StoreClient(
            url: StoreURL(parsing: machine.scratch.path + "/bucket"), runner: PosixRunner())
        return RoadSwitch(
            machine: source,
            bucket: BucketSource(client: client, clock: clock, interval: .milliseconds(200)),
            clock: clock, renew: { source })
    }

    private func append(_ text: String) throws {
        let path = directories.logs + "/train.log"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        defer { close(descriptor) }
        try AtomicFile.writeAll(Data(text.utf8), to: descriptor, path: path)
    }

    /// What a sync brings up: some first part.
    private func sync(dropping bytes: Int) throws {
        let data = try readFile(directories.logs + "/train.log")
        try AtomicFile.write(
            data.dropLast(bytes), to: machine.scratch.path + "/bucket/logs/train.log")
    }

    private static let cuts =
        ProcessInfo.processInfo.environment["TRAIN_SLOW_TESTS"] == nil ? 12 : 1000

    @Test func `a road that is cut again and again loses no line and doubles none`() async throws {
        var random = Seeded(seed: 3)
        let road = try road()
        var reader = LogReader(source: road, path: "logs/train.log", isIndexed: true)
        var written: [String] = []
        var read: [String] = []
        var kinds = Set<SourceKind>()
        func look() async throws {
            if case .lines(let lines, _) = try await reader.step() { read += lines.map(\.shown) }
            kinds.insert(road.kind)
        }
        for _ in 0..<Self.cuts {
            for _ in 0...Int.random(in: 0...3, using: &random) {
                let line = "\rbar\rstep \(written.count)"
                written.append("step \(written.count)")
                try append(line + "\n")
            }
            try append("unfin")
            try sync(dropping: Int.random(in: 0...12, using: &random))
            let isDown = Int.random(in: 0...3, using: &random) == 0
            if isDown { try await machine.network("refuse") }
            if Bool.random(using: &random) {
                try await machine.network("cut")
            } else {
                try await machine.restart()
            }
            try await look()
            if isDown { try await machine.network("accept") }
            try append("ished\r")
            try await look()
        }
        try append("\n")
        written.append("unfinished")
        try await Eventually.holds {
            try await look()
            return road.kind == .ssh && read.count >= written.count
        }
        // The unfinished parts were written over by the bars that came after them.
        #expect(read == written)
        #expect(kinds == [.ssh, .bucket])
    }

    @Test func `a frozen link is noticed in time, and the machine's return at once`() async throws {
        let road = try road()
        try append("one\n")
        try sync(dropping: 0)
        #expect(try await road.read("logs/train.log", 0..<100) == Data("one\n".utf8))
        #expect(road.kind == .ssh)
        try append("two\n")
        try await machine.network("freeze")
        let frozen = ContinuousClock.now
        // Answered from the bucket, which has the first line alone.
        #expect(try await road.read("logs/train.log", 0..<100) == Data("one\n".utf8))
        let noticed = ContinuousClock.now - frozen
        #expect(road.kind == .bucket)
        // 15 s, and what a loaded computer adds; our own time-out for a command is 20.
        #expect(noticed < .seconds(19), "\(noticed)")
        try await machine.network("thaw")
        let thawed = ContinuousClock.now
        try await Eventually.holds { road.kind == .ssh }
        // Seconds, of which a loaded computer makes more: told, and not judged.
        let back = ContinuousClock.now - thawed
        #expect(try await road.read("logs/train.log", 0..<100) == Data("one\ntwo\n".utf8))
        print("dead link noticed after \(noticed), back after \(back)")
    }

    @Test func `a file that is not there is empty, one that is refused is not`() async throws {
        let connection = try machine.connection()
        #expect(try await connection.read(directories.logs + "/nothing", 0..<10).isEmpty)
        #expect(try await connection.size(of: directories.logs + "/nothing") == 0)
        try append("ünï'; touch /tmp/x\n")
        #expect(try await connection.size(of: directories.logs + "/train.log") == 21)
        #expect(
            try await connection.read(directories.logs + "/train.log", 2..<5)
                == Data("ünï".utf8).dropFirst(2).prefix(3))
        #expect(try await connection.read(directories.logs + "/train.log", 90..<95).isEmpty)
        await #expect(throws: Failure.self) { try await connection.read(directories.logs, 0..<5) }
    }

    @Test func `all commands share one connection`() async throws {
        let connection = try machine.connection()
        try append("x")
        for _ in 0..<5 { _ = try await connection.size(of: directories.logs + "/train.log") }
        let socket = try #require(connection.login.socket)
        #expect(exists(socket))
        let log = machine.scratch.read("sshd.log") ?? ""
        #expect(log.split(separator: "\n").filter { $0.contains("Accepted") }.count <= 1)
    }
}
