import Shared
import TestSupport
import Testing

extension CloudTests {
    /// What a later call finds changed: keys, caches, tools, a state that was never saved, a run of
    /// the same name.
    @Suite(.enabled(CloudTests.googleNeeds) { await StandInCloud.gcp.missing() == nil })
    struct CloudRecoveryTests {
        @Test func `a run that lives elsewhere under this name is left alone`() async throws {
            try await CloudFixture.with { cloud in
                #expect(try await cloud.start().succeeded)
                var command = cloud.command(cloud.startWords())
                command.environment["XDG_STATE_HOME"] = .some(cloud.scratch.path + "/other")
                let second = try await PosixRunner().run(command)
                #expect(second.termination == .exited(1))
                #expect(second.errorOutput.contains("is alive on gcp already"), "\(second)")
                #expect(second.errorOutput.contains("machine train-"), "\(second)")
                #expect(!second.errorOutput.contains("delete"), "\(second)")
                #expect(try await cloud.machines().count == 1)
                #expect(try await cloud.finishByForce().succeeded)
                #expect(try await cloud.living() == [])
            }
        }

        @Test func `what another start made meanwhile is not named for removal`() async throws {
            try await CloudFixture.with { cloud in
                let hook = try cloud.scratch.write(
                    """
                    #!/bin/sh
                    [ "$1 $2" = "create google_storage_bucket" ] || exit 0
                    echo '{"name": "colleague", "zone": "us-central1-a", "project": "\(cloud.project)", \
                    "labels": {"created-by": "ai-training-engine", "run": "\(try cloud.slug())"}}' \\
                    > "$TFSHIM_CLOUD/google_compute_instance@colleague@1.json"
                    echo "googleapi: Error 409: The requested bucket name is not available." >&2
                    exit 1

                    """, to: "hook", mode: 0o755)
                var command = cloud.command(cloud.startWords())
                command.environment["TFSHIM_HOOK"] = .some(hook)
                let started = try await PosixRunner().run(command)
                #expect(started.termination == .exited(1))
                #expect(
                    started.errorOutput.contains("error: the name of a bucket is taken already"),
                    "\(started)")
                #expect(started.errorOutput.contains("machine colleague in us-central1-a"))
                #expect(!started.errorOutput.contains("gcloud compute"), "\(started)")
                let left = try FileManager.default.contentsOfDirectory(atPath: cloud.laptop.runs)
                #expect(left == [])
            }
        }

        @Test func `a cache of providers that was emptied keeps no run from its end`() async throws
        {
            try await CloudFixture.with { cloud in
                #expect(try await cloud.start().succeeded)
                let providers = try cloud.laptop.folder() + "/.terraform/providers"
                var dangling = 0
                for path in try FileManager.default.subpathsOfDirectory(atPath: providers) {
                    let link = providers + "/" + path
                    let files = FileManager.default
                    guard (try? files.destinationOfSymbolicLink(atPath: link)) != nil else {
                        continue
                    }
                    unlink(link)
                    symlink(cloud.scratch.path + "/gone", link)
                    dangling += 1
                }
                #expect(dangling > 0)
                let finished = try await cloud.finishByForce()
                #expect(finished.succeeded, "\(finished.errorOutput)")
                #expect(try await cloud.living() == [])
            }
        }

        @Test func `a state that did not reach its bucket is not lost`() async throws {
            try await CloudFixture.with { cloud in
                let team = try await Team(cloud)
                #expect(try await cloud.start(team.flags).succeeded)
                // What Terraform leaves when its last upload is refused: a state that knows more
                // than the one in the bucket.
                let name = "terraform/default.tfstate"
                var state = try JSONDecoder().decode(
                    [String: JSONValue].self, from: team.read(name))
                let unsaved = try cloud.laptop.folder() + "/errored.tfstate"
                try AtomicFile.write(JSONEncoder().encode(state), to: unsaved)
                state["resources"] = .array([])
                state["serial"] = 1
                try team.write(JSONEncoder().encode(state), name)
                let finished = try await cloud.finishByForce()
                #expect(finished.succeeded, "\(finished.errorOutput)")
                #expect(!finished.errorOutput.contains("still there"))
                #expect(try await cloud.living().filter { !$0.contains(team.bucket) } == [])
            }
        }

        @Test(arguments: [StandInCloud.gcp, .azure])
        func `force stops the machine by the cloud's tool, with the key of today`(
            on place: StandInCloud
        ) async throws {
            if let reason = await place.missing() { try Test.cancel("skipped: \(reason)") }
            try await CloudFixture.with(place) { cloud in
                #expect(try await cloud.start().succeeded)
                var flag: [String] = []
                if place.credentials != nil {
                    let moved = cloud.scratch.path + "/moved"
                    rename(cloud.scratch.path + "/key", moved)
                    flag = ["--credentials_path", moved]
                }
                let finished = try await cloud.finish(["--force", "classifier/beer"] + flag)
                #expect(finished.succeeded, "\(finished.errorOutput)")
                let stopped = try FileManager.default.contentsOfDirectory(
                    atPath: cloud.scratch.path + "/cloud/cloud"
                ).filter { $0.hasPrefix("stopped-") }
                #expect(stopped.count == 1)
                #expect(try await cloud.living() == [])
            }
        }

        @Test func `without the cloud's tool another computer has Terraform end the machine`()
            async throws
        {
            try await CloudFixture.with { cloud in
                let team = try await Team(cloud)
                #expect(try await cloud.start(team.flags).succeeded)
                try cloud.scratch.write("#!/bin/sh\nexit 1\n", to: "cloud/bin/gcloud", mode: 0o755)
                let finished = try await team.finishElsewhere(["--force", "classifier/beer"])
                #expect(finished.succeeded, "\(finished.errorOutput)")
                #expect(finished.errorOutput.contains("was not checked"), "\(finished)")
                #expect(try await cloud.living().filter { !$0.contains(team.bucket) } == [])
            }
        }
    }
}
