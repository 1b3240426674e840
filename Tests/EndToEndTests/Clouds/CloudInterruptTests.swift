import Shared
import TestSupport
import Testing

extension CloudTests {
    /// Ctrl-C and kill -9 while Terraform makes the machine.
    @Suite(.enabled(CloudTests.googleNeeds) { await StandInCloud.gcp.missing() == nil })
    struct CloudInterruptTests {
        private func expectNothingLeft(of cloud: CloudFixture) async throws {
            #expect(try await cloud.living() == [])
            let left = try FileManager.default.contentsOfDirectory(atPath: cloud.laptop.runs)
            #expect(left == [])
        }

        /// What Terraform lost is named; once it is removed by hand, `finish` does the rest.
        private func expectNamedAndFinished(
            _ result: CommandResult, _ errors: String, _ cloud: CloudFixture
        ) async throws {
            #expect(result.termination == .exited(1))
            #expect(errors.contains("could not be removed"), "\(errors)")
            let removal =
                switch cloud.cloud {
                case .gcp: "gcloud compute instances delete"
                case .aws: "aws ec2 terminate-instances"
                case .azure: "az group delete"
                }
            #expect(errors.contains(removal), "\(errors)")
            let left = try await cloud.machines()
            #expect(left.count == 1)
            #expect(exists(try cloud.laptop.folder() + "/terraform.tfstate"))

            let refused = try await cloud.finish()
            #expect(refused.termination == .exited(1))
            try await cloud.removeByHand(left)
            let finished = try await cloud.finish()
            #expect(finished.succeeded, "\(finished.errorOutput)")
            try await expectNothingLeft(of: cloud)
        }

        @Test(arguments: [StandInCloud.gcp, .azure])
        func `Ctrl-C while the machine is made removes what there is`(
            on place: StandInCloud
        ) async throws {
            if let reason = await place.missing() { try Test.cancel("skipped: \(reason)") }
            try await CloudFixture.with(place) { cloud in
                let making = try await MakingStart(cloud, seconds: 120, onStop: "finish")
                making.interrupt()
                let result = await making.launcher.wait()
                #expect(result.termination == .exited(ExitCode.signalled(SIGINT)))
                #expect(making.errors.contains("interrupted; nothing of the run is left"))
                try await expectNothingLeft(of: cloud)
            }
        }

        @Test(arguments: StandInCloud.allCases)
        func `a machine that Terraform lost by Ctrl-C is found by its label`(
            on place: StandInCloud
        ) async throws {
            if let reason = await place.missing() { try Test.cancel("skipped: \(reason)") }
            try await CloudFixture.with(place) { cloud in
                let seconds: Int64 = place == .aws ? 2 : 120
                let making = try await MakingStart(cloud, seconds: seconds, onStop: "orphan")
                making.interrupt()
                let result = await making.launcher.wait()
                try await expectNamedAndFinished(result, making.errors, cloud)
            }
        }

        @Test func `a second Ctrl-C does not wait for a cloud that hangs`() async throws {
            try await CloudFixture.with { cloud in
                let making = try await MakingStart(cloud, seconds: 600, onStop: "deaf")
                try await making.interrupt(expecting: "once more stops it at once")
                try await making.interrupt(expecting: "once more kills it")
                let result = await making.launcher.wait()
                try await expectNamedAndFinished(result, making.errors, cloud)
            }
        }

        @Test func `a third Ctrl-C ends a Terraform that hears none`() async throws {
            try await CloudFixture.with { cloud in
                let making = try await MakingStart(cloud, seconds: 600, onStop: "deaf")
                kill(try await making.terraform(), SIGSTOP)
                try await making.interrupt(expecting: "once more stops it at once")
                try await making.interrupt(expecting: "once more kills it")
                try await making.interrupt(expecting: "Terraform is killed")
                let result = await making.launcher.wait()
                try await expectNamedAndFinished(result, making.errors, cloud)
            }
        }

        @Test func `a launcher killed half-way costs no training`() async throws {
            try await CloudFixture.with { cloud in
                let making = try await MakingStart(cloud, seconds: 3, onStop: "finish")
                kill(making.launcher.pid, SIGKILL)
                #expect(await making.launcher.wait().termination == .signalled(SIGKILL))
                // Terraform goes on without it.
                let trained = try await cloud.runAgent()
                #expect(trained.succeeded, "\(trained.errorOutput)")
                try await Eventually.holds {
                    try await cloud.train(["status", "classifier/beer"]).output.contains(
                        "succeeded: training succeeded")
                }
                let again = try await cloud.start()
                #expect(again.errorOutput.contains("was not collected yet"), "\(again)")
                let finished = try await cloud.finish()
                #expect(finished.output.contains("every byte checked"), "\(finished.errorOutput)")
                try await expectNothingLeft(of: cloud)
            }
        }

        @Test func `finish waits for the Terraform of a launcher that was killed`() async throws {
            try await CloudFixture.with { cloud in
                let making = try await MakingStart(cloud, seconds: 6, onStop: "finish")
                kill(making.launcher.pid, SIGKILL)
                _ = await making.launcher.wait()
                let finished = try await cloud.finish()
                #expect(finished.succeeded, "\(finished.errorOutput)")
                #expect(finished.errorOutput.contains("waiting for the Terraform (process "))
                try await expectNothingLeft(of: cloud)
            }
        }

        @Test func `after a crash of the whole computer finish removes what was made`() async throws
        {
            try await CloudFixture.with { cloud in
                let making = try await MakingStart(cloud, seconds: 600, onStop: "deaf")
                let terraform = try await making.terraform()
                kill(making.launcher.pid, SIGKILL)
                kill(-terraform, SIGKILL)
                _ = await making.launcher.wait()
                let finished = try await cloud.finish()
                #expect(finished.errorOutput.contains("gcloud compute instances delete"))
                for name in try await cloud.machines() {
                    try FileManager.default.removeItem(
                        atPath: cloud.scratch.path + "/cloud/cloud/" + name)
                }
                let second = try await cloud.finish()
                #expect(second.succeeded, "\(second.errorOutput)")
                try await expectNothingLeft(of: cloud)
            }
        }
    }
}
