import Shared
import TestSupport
import Testing

@testable import Agent

/// A store that holds another run.
@Suite(.timeLimit(.minutes(5))) struct ForeignStoreTests {
    @Test func `a store of another run is refused and stays as it is`() async throws {
        let other = try RunName(cloud: "local", projectName: "p", codeName: "x", datasetName: "y")
        func bytes(_ bucket: String) throws -> [String: Data] {
            let paths = try FileManager.default.subpathsOfDirectory(atPath: bucket)
            return try paths.reduce(into: [:]) { found, path in
                let file = bucket + "/" + path
                if !isDirectory(file) { found[path] = try readFile(file) }
            }
        }
        try await RunFixture.with(
            prepare: { bucket in
                let status = RunStatus(run: other, startedAt: Date(timeIntervalSince1970: 1))
                for name in ["run", "output"] { try makeDirectories(bucket + "/" + name) }
                try AtomicFile.write(
                    JSONFormat.encode(status), to: bucket + "/" + BucketLayout.status)
                try AtomicFile.write(Data("weights".utf8), to: bucket + "/output/model.pt")
            }
        ) { fixture in
            let before = try bytes(fixture.bucket)
            let failure = await #expect(throws: Failure.self) {
                try await Run(fixture.context).execute()
            }
            #expect(failure?.exit == ExitCode.usage.rawValue)
            #expect(failure?.summary.contains("holds another run") == true)
            #expect(try bytes(fixture.bucket) == before)
            #expect(!exists(fixture.context.job.directories.output + "/model.pt"))
        }
    }

    @Test func `the next machine counts on from what the store says`() async throws {
        try await RunFixture.with(
            prepare: { bucket in
                let run = try RunName(
                    cloud: "local", projectName: "p", codeName: "c", datasetName: "d")
                var status = RunStatus(run: run, startedAt: Date(timeIntervalSince1970: 1))
                status.start = Attempt(machine: 2, restarts: 3)
                try makeDirectories(bucket + "/run")
                try AtomicFile.write(
                    JSONFormat.encode(status), to: bucket + "/" + BucketLayout.status)
                try AtomicFile.write(
                    Data("{\"former\":1}\n".utf8), to: bucket + "/" + BucketLayout.events)
            }
        ) { fixture in
            try await RunResume(context: fixture.context).adopt()
            #expect(fixture.context.journal.start == Attempt(machine: 3, restarts: 3))
            await fixture.context.board.written()
            let events = String(
                decoding: try readFile(fixture.context.job.work.events), as: UTF8.self)
            #expect(events.hasPrefix("{\"former\":1}\n"))
            #expect(events.contains("this is attempt 6 of the run"))
            #expect(events.contains("\"note\""))
        }
    }
}
