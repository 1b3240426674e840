import Shared
import TestSupport
import Testing

/// A program that knows nothing of an output directory, as most public ones, loses nothing.
@Suite(.timeLimit(.minutes(10))) struct StrayFilesTests {
    private static let program = """
        import os, pathlib, sys
        steps = pathlib.Path("checkpoints")
        before = sorted(path.name for path in steps.glob("*.pt"))
        print("resumed from", before, flush=True)
        steps.mkdir(exist_ok=True)
        (steps / f"{len(before)}.pt").write_text("weights")

        """

    @Test func `a model beside the output directory comes home, and the empty output is told`()
        async throws
    {
        try await LauncherFixture.with(files: ["train.py": Self.program]) { fixture in
            let started = try await fixture.start(
                "classifier/beer", ["--command", "python train.py", "--wait"])
            #expect(started.succeeded, "\(started.errorOutput)")
            let words = "1 file (7 bytes) written beside the output directory, kept below stray/"
            #expect(started.errorOutput.contains(words), "\(started.errorOutput)")
            #expect(started.errorOutput.contains("is empty"), "\(started.errorOutput)")
            let list = try await fixture.train("list")
            #expect(list.output.contains("output is empty, 1 file (7 bytes) beside output"))
            let finished = try await fixture.finish("classifier/beer")
            #expect(finished.succeeded, "\(finished.errorOutput)")
            let home = try fixture.collection()
            #expect(try readFile(home + "/stray/checkpoints/0.pt") == Data("weights".utf8))
            #expect(!exists(home + "/stray/train.py"))
        }
    }

    @Test func `beyond the limit nothing is destroyed`() async throws {
        try await LauncherFixture.with(files: ["train.py": Self.program]) { fixture in
            let started = try await fixture.start(
                "classifier/beer", ["--command", "python train.py", "--wait", "--stray", "3"])
            #expect(started.succeeded, "\(started.errorOutput)")
            let refused = try await fixture.finish("classifier/beer")
            #expect(refused.termination == .exited(1))
            #expect(refused.errorOutput.contains("checkpoints/0.pt (7 bytes) is beyond --stray"))
            let forced = try await fixture.finish(
                "classifier/beer", ["--force", "classifier/beer"])
            #expect(forced.succeeded, "\(forced.errorOutput)")
            let saved = try fixture.collection() + "/unsynced/stray/checkpoints/0.pt"
            #expect(try readFile(saved) == Data("weights".utf8))
        }
    }
}
