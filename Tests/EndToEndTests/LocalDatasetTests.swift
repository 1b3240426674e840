import Shared
import TestSupport
import Testing

/// A dataset on this computer is read where it is.
@Suite(.enabled(if: isInstalled("python3"), "python3 is not installed"), .timeLimit(.minutes(3)))
struct LocalDatasetTests {
    @Test func `links in it lead where they did, and nothing is copied`() async throws {
        let main = """
            import os, pathlib
            data = pathlib.Path(os.environ["AI_TRAINING_DATASET_DIRECTORY"])
            output = pathlib.Path(os.environ["AI_TRAINING_OUTPUT_DIRECTORY"])
            names = sorted(path.name for path in (data / "images").iterdir())
            (output / "seen.txt").write_text(f"{data} {names}")

            """
        try await LauncherFixture.with(files: ["seen.py": main]) { fixture in
            try fixture.scratch.write("jpg", to: "other disk/1.jpg")
            try fixture.scratch.write("jpg", to: "other disk/2.jpg")
            let link = fixture.scratch.path + "/data/images"
            #expect(symlink(fixture.scratch.path + "/other disk", link) == 0)
            let started = try await fixture.start(
                "classifier/beer", ["--wait", "--module", "seen"])
            #expect(started.succeeded, "\(started.errorOutput)")
            let machine = try fixture.folder() + "/machine"
            #expect(!exists(machine + "/dataset"))
            #expect(try await fixture.finish("classifier/beer").succeeded)
            let seen = String(
                decoding: try readFile(fixture.collection() + "/output/seen.txt"), as: UTF8.self)
            #expect(seen == "\(fixture.scratch.path)/data ['1.jpg', '2.jpg']")
            // What finish removes is the run's own.
            #expect(fixture.scratch.read("data/beer.csv") == "1,2\n")
            #expect(fixture.scratch.read("data/images/1.jpg") == "jpg")
        }
    }

    /// Python's own walks skip such a directory without a word.
    @Test(
        .enabled(
            if: geteuid() != 0 || isInstalled("setpriv"),
            "root reads every directory, and setpriv is not installed"))
    func `a directory that cannot be read is named before anything is made`() async throws {
        try await LauncherFixture.with { fixture in
            let dogs = fixture.scratch.path + "/data/dogs"
            try makeDirectories(dogs)
            try makeDirectories(fixture.scratch.path + "/state", mode: 0o777)
            #expect(chmod(dogs, 0) == 0)
            #expect(chmod(fixture.scratch.path + "/state", 0o777) == 0)
            #expect(chmod(fixture.scratch.path, 0o755) == 0)
            var command = fixture.command(fixture.startWords("classifier/beer"))
            var byHand = fixture.command([
                "run", "--code_path", "code", "--dataset_directory", "data", "--output_directory",
                "state/output", "--logs_directory", "state/logs",
            ])
            byHand.executable = BuiltProducts.agent
            if geteuid() == 0 {
                command = asNobody(command)
                byHand = asNobody(byHand)
            }
            let started = try await PosixRunner().run(command)
            #expect(started.termination == .exited(1), "\(started.errorOutput)")
            let words = "cannot read the directory '\(dogs)'"
            #expect(started.errorOutput.contains("--dataset_bucket: \(words)"))
            let run = try await PosixRunner().run(byHand)
            #expect(run.termination == .exited(125), "\(run.errorOutput)")
            #expect(run.errorOutput.contains(words))
            #expect(chmod(dogs, 0o755) == 0)
        }
    }

    /// The user `nobody` of Debian.
    private func asNobody(_ command: Command) -> Command {
        var copy = command
        copy.executable = "setpriv"
        copy.arguments =
            ["--reuid=65534", "--clear-groups", command.executable] + command.arguments
        return copy
    }
}
