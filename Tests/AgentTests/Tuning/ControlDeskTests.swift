import Shared
import TestSupport
import Testing

@testable import Agent

/// What reaches the agent: handed on once, told once, whatever is written and whoever dies.
@Suite(.timeLimit(.minutes(5))) struct ControlDeskTests {
    private func request(
        _ command: ControlRequest.Command, number: UInt64 = 1
    ) -> ControlRequest {
        var request = ControlRequest(
            id: ULID(time: Date(timeIntervalSince1970: 1), random: { number }), by: "ann@laptop",
            time: Date(), command: command)
        if command == .tune { request.changes = ["dropout": .init(set: .number(0.2))] }
        return request
    }

    private func put(_ request: ControlRequest, in directory: String) throws {
        try makeDirectories(directory)
        try AtomicFile.write(
            JSONFormat.encode(request), to: "\(directory)/\(request.id).json")
    }

    private func journal(_ run: RunFixture) throws -> [[String: JSONValue]] {
        let path = run.context.job.directories.logs + "/tuning.jsonl"
        guard exists(path) else { return [] }
        return try readFile(path).split(separator: 0x0A).map {
            try JSONDecoder().decode([String: JSONValue].self, from: $0)
        }
    }

    private func events(_ run: RunFixture) async throws -> [Event] {
        await run.context.board.written()
        return try readFile(run.context.job.work.events).split(separator: 0x0A).map {
            try JSONFormat.decoder().decode(Event.self, from: $0)
        }.filter { $0.kind == .tuning }
    }

    private func append(_ text: String, _ run: RunFixture) throws {
        let path = run.context.job.directories.logs + "/tuning.jsonl"
        let old = exists(path) ? try readFile(path) : Data()
        try (old + Data(text.utf8)).write(to: URL(fileURLWithPath: path))
    }

    @Test func `a request waits for the trainer, is delivered once and told once`() async throws {
        try await RunFixture.with { run in
            let context = run.context
            let request = request(.tune)
            try put(request, in: context.job.work.control)
            var desk = ControlDesk(context)
            await desk.look()
            #expect(try journal(run).isEmpty)
            context.board.update { $0.trainerPid = 1 }
            await desk.look()
            let line = try #require(try journal(run).first)
            #expect(line["state"] == "delivered")
            #expect(
                line["request"]
                    == .object([
                        "by": "ann@laptop",
                        "changes": .object(["dropout": .object(["set": .number(0.2)])]),
                    ]))
            // The same request over the other road, and once more over the first.
            try put(request, in: run.bucket + "/run/control")
            try put(request, in: context.job.work.control)
            context.board.update { $0.sync.generation += 1 }
            await desk.look()
            // An agent after this one.
            var next = ControlDesk(context)
            try put(request, in: context.job.work.control)
            await next.look()
            #expect(try journal(run).count == 1)
            let told = try await events(run)
            #expect(told.map { $0.details?["state"] } == ["delivered"])
            let left = try FileManager.default.contentsOfDirectory(atPath: context.job.work.control)
            #expect(left.isEmpty)
        }
    }

    @Test func `a request in the bucket is heard at once and after each sync`() async throws {
        try await RunFixture.with { run in
            run.context.board.update { $0.trainerPid = 1 }
            var desk = ControlDesk(run.context)
            await desk.look()
            try put(request(.tune), in: run.bucket + "/run/control")
            await desk.look()
            #expect(try journal(run).isEmpty)
            run.context.board.update { $0.sync.generation += 1 }
            await desk.look()
            #expect(try journal(run).count == 1)
        }
    }

    @Test func `a stop through the bucket ends the training, once`() async throws {
        try await RunFixture.with { run in
            try put(request(.stop), in: run.bucket + "/run/control")
            var desk = ControlDesk(run.context)
            await desk.look()
            #expect(run.context.stop.reason == .signal(SIGTERM))
            #expect(run.context.stop.count == 1)
            await run.context.board.written()
            var next = ControlDesk(run.context)
            await next.look()
            #expect(run.context.stop.count == 1)
        }
    }

    @Test func `the trainer's answers become events, each once over all agents`() async throws {
        try await RunFixture.with { run in
            let id = request(.tune).id
            var desk = ControlDesk(run.context)
            try append(
                """
                not JSON
                {"id": "\(id)", "state": "scheduled", "step": 7}
                {"id": "\(id)", "state": "applied", "step": 7, "changes": {"lr": {"old": 1, "new": 2}}}
                {"id": "../../etc", "state": "applied", "step": 7}
                {"id": "\(id)", "sta
                """, run)
            await desk.look()
            await run.context.board.written()
            var next = ControlDesk(run.context)
            await next.look()
            let told = try await events(run)
            #expect(
                told.map(\.message)
                    == ["tuning scheduled for step 7", "tuning applied at step 7: lr 1 -> 2"])
            // And they are up: who asked through the bucket waits for them there.
            let up = String(decoding: try readFile(run.bucket + "/run/events.jsonl"), as: UTF8.self)
            #expect(up.contains("tuning applied at step 7"))
        }
    }

    @Test func `what the declared values rule out never reaches the trainer`() async throws {
        try await RunFixture.with { run in
            run.context.board.update { $0.trainerPid = 1 }
            let knobs = """
                {"attempt": 1, "can_checkpoint": false, "knobs": {"dropout": {"type": "float",
                "minimum": 0, "maximum": 0.9}, "mode": {"type": "str", "choices": ["a", "b"]}}}
                """
            try AtomicFile.write(
                Data(knobs.utf8), to: run.context.job.directories.logs + "/knobs.json")
            let changes: [[String: ControlRequest.Change]] = [
                ["dropout": .init(set: 2)], ["mode": .init(set: "c")], ["typo": .init(set: 1)],
                ["dropout": .init(set: "much")],
            ]
            for (number, changes) in changes.enumerated() {
                var request = request(.tune, number: UInt64(number))
                request.changes = changes
                try put(request, in: run.context.job.work.control)
            }
            try put(request(.checkpoint, number: 99), in: run.context.job.work.control)
            try put(request(.unknown("dance"), number: 100), in: run.context.job.work.control)
            var fine = request(.tune, number: 101)
            fine.changes = ["lr": .init(scale: 0.1), "mode": .init(set: "b")]
            try put(fine, in: run.context.job.work.control)
            var desk = ControlDesk(run.context)
            await desk.look()
            let states = try journal(run).map { $0["state"] }
            #expect(states.filter { $0 == "refused" }.count == 6)
            #expect(states.filter { $0 == "delivered" }.count == 1)
        }
    }

    @Test func `hostile files and objects cost nothing`() async throws {
        try await RunFixture.with { run in
            run.context.board.update { $0.trainerPid = 1 }
            let directory = run.context.job.work.control
            try makeDirectories(directory)
            let ids = (0..<6).map { number in
                ULID(time: Date(timeIntervalSince1970: 1), random: { UInt64(number) })
            }
            let other = try JSONFormat.encode(request(.stop))
            try AtomicFile.write(Data("{".utf8), to: "\(directory)/\(ids[2]).json")
            try AtomicFile.write(Data(count: 1 << 20), to: "\(directory)/\(ids[3]).json")
            try AtomicFile.write(other, to: "\(directory)/\(ids[4]).json")
            #expect(mkfifo("\(directory)/\(ids[5]).json", 0o600) == 0)
            try AtomicFile.write(other, to: "\(directory)/.hidden.json")
            for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
                // Older than a file that somebody is still writing.
                var times = [timeval](repeating: timeval(tv_sec: 1000, tv_usec: 0), count: 2)
                utimes("\(directory)/\(name)", &times)
            }
            var desk = ControlDesk(run.context)
            await desk.look()
            #expect(run.context.stop.reason == nil)
            #expect(try journal(run).isEmpty)
            #expect(
                try await events(run).map { $0.details?["state"] }
                    == Array(repeating: "refused", count: 4))
        }
    }
}
