import Shared
import TestSupport
import Testing

@testable import Agent

extension SyncEngine {
    /// Looks, as between two syncs, until this file has a copy of the version that is there.
    fileprivate func copyRestless(_ path: String) async throws {
        try await Eventually.holds {
            await copyRestless()
            return restless.version(of: path) != nil
        }
    }
}

/// A checkpoint that every sync finds open, although it was closed in between.
@Suite(.enabled(if: isInstalled("python3"), "python3 is not installed"))
struct RestlessFilesTests {
    /// A trainer that writes `ckpt.pt` anew each time it is told to, and closes it when it is told to.
    private struct Trainer {
        let fixture: SyncFixture
        let process: any RunningCommand
        var path: String { fixture.output + "/ckpt.pt" }

        private static let program = """
            import os, sys, time
            path, control = sys.argv[1:]
            def wait(name):
                while not os.path.exists(f"{control}/{name}"): time.sleep(0.005)
            def tell(name): open(f"{control}/{name}", "w").close()
            number = 0
            while True:
                number += 1
                wait(f"write-{number}")
                with open(path, "wb") as file:
                    file.write(b"version %d\\n" % number + b"x" * 2_000_000)
                    file.flush()
                    tell(f"writing-{number}")
                    wait(f"close-{number}")
                    file.write(b"version %d\\n" % number)
                tell(f"closed-{number}")
            """

        init(_ fixture: SyncFixture, _ engine: SyncEngine) throws {
            self.fixture = fixture
            try makeDirectories(fixture.root.path + "/control")
            process = try PosixRunner().start(
                Command(
                    "python3",
                    [
                        "-c", Self.program, fixture.output + "/ckpt.pt",
                        fixture.root.path + "/control",
                    ]
                ))
            engine.watch(ProcessIdentity(of: process.pid))
        }

        static func whole(_ number: Int) -> String {
            "version \(number)\n" + String(repeating: "x", count: 2_000_000)
                + "version \(number)\n"
        }

        func tell(_ name: String, untilThereIs answer: String) async throws {
            let control = fixture.root.path + "/control"
            try fixture.write("", to: "\(control)/\(name)")
            try await Eventually.holds { exists("\(control)/\(answer)") }
        }

        func begin(_ number: Int) async throws {
            try await tell("write-\(number)", untilThereIs: "writing-\(number)")
        }

        func close(_ number: Int) async throws {
            try await tell("close-\(number)", untilThereIs: "closed-\(number)")
        }
    }

    @Test func `what was closed between two syncs that found it open goes up`() async throws {
        let fixture = try SyncFixture(clock: ContinuousClock())
        let engine = try await fixture.ready()
        let trainer = try Trainer(fixture, engine)
        defer { trainer.process.send(SIGKILL) }
        for number in 1...3 {
            try await trainer.begin(number)
            await engine.tick()
            if number > 1 {
                #expect(fixture.object("output/ckpt.pt") == Trainer.whole(number - 1))
                #expect(try fixture.manifest().files.map(\.path).contains("output/ckpt.pt"))
            }
            #expect(fixture.record.unsyncedSince != nil, "what is written now is not up")
            #expect(fixture.record.waitingFiles == nil)
            try await trainer.close(number)
            try await engine.copyRestless("output/ckpt.pt")
        }
        // What is there is what was copied: it goes up once, and as it is.
        await engine.tick()
        await engine.tick()
        #expect(fixture.object("output/ckpt.pt") == Trainer.whole(3))
        #expect(fixture.record.unsyncedSince == nil)
        #expect(fixture.told(.warning) == [])
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: fixture.state + "/staging") == [])
    }

    @Test func `a trainer killed in the next version leaves the one before it`() async throws {
        let fixture = try SyncFixture(clock: ContinuousClock())
        let engine = try await fixture.ready()
        let trainer = try Trainer(fixture, engine)
        try await trainer.begin(1)
        await engine.tick()
        try await trainer.close(1)
        try await engine.copyRestless("output/ckpt.pt")
        try await trainer.begin(2)
        trainer.process.send(SIGKILL)
        _ = await trainer.process.wait()
        #expect(await engine.trainerEnded(abnormally: true) == ["output/ckpt.pt"])
        try await engine.finish(until: nil)
        #expect(fixture.object("output/ckpt.pt") == Trainer.whole(1))
        #expect(fixture.object("output/ckpt.pt.partial")?.hasPrefix("version 2\n") == true)
        #expect(fixture.record.partialFiles == ["output/ckpt.pt.partial"])
        #expect(try fixture.manifest().final)
    }

    @Test func `a file that is never closed is named, with the age of what is up`() async throws {
        let fixture = try SyncFixture(clock: ContinuousClock())
        let engine = try await fixture.ready { $0.intervalSeconds = 0.05 }
        let trainer = try Trainer(fixture, engine)
        defer { trainer.process.send(SIGKILL) }
        try await trainer.begin(1)
        try await Eventually.holds {
            await engine.tick()
            return fixture.record.waitingFiles == ["'output/ckpt.pt': no whole one is up"]
        }
        try await trainer.close(1)
        try await Eventually.holds {
            await engine.tick()
            return fixture.object("output/ckpt.pt") == Trainer.whole(1)
        }
        try await trainer.begin(2)
        try await Eventually.holds {
            await engine.tick()
            let line = fixture.record.waitingFiles?.first ?? ""
            return line.hasPrefix("'output/ckpt.pt': the last whole one is of ")
        }
    }
}
