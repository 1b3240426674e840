import Shared
import TestSupport
import Testing

extension CloudTests {
    /// `--state_bucket`: what a second computer does to a start of the first.
    @Suite(.enabled(CloudTests.googleNeeds) { await StandInCloud.gcp.missing() == nil })
    struct SharedStartTests {
        @Test func `what one computer is starting no other removes`() async throws {
            try await CloudFixture.with { cloud in
                let team = try await Team(cloud)
                let making = try await MakingStart(
                    cloud, seconds: 120, onStop: "finish", flags: team.flags)
                let finished = try await team.finishElsewhere()
                #expect(finished.termination == .exited(1))
                #expect(
                    finished.errorOutput.contains(" is starting classifier/beer: "), "\(finished)")
                #expect(finished.errorOutput.contains("--force classifier/beer"))
                let second = try await team.elsewhere(cloud.startWords(team.flags))
                #expect(second.termination == .exited(1))
                #expect(
                    second.errorOutput.contains(" is starting classifier/beer: "), "\(second)")
                making.interrupt()
                let result = await making.launcher.wait()
                #expect(result.termination == .exited(ExitCode.signalled(SIGINT)))
                #expect(making.errors.contains("nothing of the run is left"), "\(making.errors)")
                #expect(try await cloud.living().filter { !$0.contains(team.bucket) } == [])
            }
        }

        @Test func `two computers that start one run at once make at most one machine`()
            async throws
        {
            try await CloudFixture.with { cloud in
                let team = try await Team(cloud)
                let words = cloud.startWords(team.flags)
                async let first = cloud.train(words)
                async let second = team.elsewhere(words)
                let (here, there) = try await (first, second)
                let winners = [here, there].filter(\.succeeded)
                #expect(winners.count <= 1)
                #expect(try await cloud.machines().count == winners.count)
                for loser in [here, there] where !loser.succeeded {
                    #expect(loser.termination == .exited(1))
                    let isTold = ["began to start", "is starting", "is alive already"]
                        .contains { loser.errorOutput.contains($0) }
                    #expect(isTold, "\(loser.errorOutput)")
                }
                // Neither has hurt the other: whoever comes now can begin, or finds the run whole.
                let third = try await cloud.train(words)
                #expect(third.succeeded == winners.isEmpty, "\(third.errorOutput)")
                #expect(try await cloud.machines().count == 1)
                let forced = try await team.finishElsewhere(["--force", "classifier/beer"])
                #expect(forced.succeeded, "\(forced.errorOutput)")
                #expect(try await cloud.living().filter { !$0.contains(team.bucket) } == [])
            }
        }

        @Test func `a machine whose launcher was killed is safe from other computers`()
            async throws
        {
            try await CloudFixture.with { cloud in
                let team = try await Team(cloud)
                let making = try await MakingStart(
                    cloud, seconds: 3, onStop: "finish", flags: team.flags)
                let terraform = try await making.terraform()
                kill(making.launcher.pid, SIGKILL)
                _ = await making.launcher.wait()
                try await Eventually.holds { kill(terraform, 0) != 0 }
                try team.ageLease()

                let state = "terraform/default.tfstate"
                let kept = try team.read(state)
                try team.write(Data("{".utf8), state)
                let unread = try await team.finishElsewhere()
                #expect(unread.termination == .exited(1))
                #expect(unread.errorOutput.contains("is not known"), "\(unread)")
                try team.write(kept, state)

                let refused = try await team.finishElsewhere()
                #expect(refused.termination == .exited(1))
                #expect(refused.errorOutput.contains("is still alive"), "\(refused)")
                #expect(try await cloud.machines().count == 1)

                let forced = try await team.finishElsewhere(["--force", "classifier/beer"])
                #expect(forced.succeeded, "\(forced.errorOutput)")
                #expect(try await cloud.living().filter { !$0.contains(team.bucket) } == [])
            }
        }

        @Test func `a state that a Terraform has locked is not waited for`()
            async throws
        {
            try await CloudFixture.with { cloud in
                let team = try await Team(cloud)
                let making = try await MakingStart(
                    cloud, seconds: 600, onStop: "deaf", flags: team.flags)
                let terraform = try await making.terraform()
                kill(making.launcher.pid, SIGKILL)
                kill(-terraform, SIGKILL)
                _ = await making.launcher.wait()
                try team.ageLease()
                // Its Terraform was killed with the lock of the state in its hand.
                let locked = try await team.finishElsewhere()
                #expect(locked.errorOutput.contains("the run's state is locked"), "\(locked)")
            }
        }
    }
}
