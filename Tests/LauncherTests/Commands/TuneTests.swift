import Shared
import TestSupport
import Testing

@testable import Launcher

/// `train tune` and `train checkpoint`: what is sent, what is refused before, what is told.
@Suite(.timeLimit(.minutes(5))) struct TuneTests {
    private func request(_ words: String...) throws -> ControlRequest? {
        let sandbox = try LauncherSandbox()
        let arguments = try Parser.parse(Tune.Arguments.self, ["a/b"] + words).checked()
        return try Tune.request(arguments, sandbox.context)
    }

    @Test func `each word is one change of one request`() throws {
        let request = try #require(
            try request(
                "lr*=0.1", "dropout=0.2", "layers=3", "use_aug=false", "mode=b", "--at_step", "7",
                "--expect", "lr=1e-3", "--guard", "loss/val < 1.1x for 500"))
        #expect(
            request.changes == [
                "lr": .init(scale: 0.1), "dropout": .init(set: .number(0.2)),
                "layers": .init(set: 3), "use_aug": .init(set: .bool(false)),
                "mode": .init(set: "b"),
            ])
        #expect(request.atStep == 7)
        #expect(request.expect == ["lr": .number(1e-3)])
        #expect(
            request.guard
                == .init(name: "loss/val", isBelow: true, limit: 1.1, isFactor: true, steps: 500))
        #expect(request.expires == nil)
    }

    @Test func `over makes a ramp, and a change that never arrives expires`() throws {
        let request = try #require(try request("lr=1e-4", "--over", "500"))
        #expect(request.changes == ["lr": .init(ramp: .init(set: .number(1e-4), steps: 500))])
        #expect(request.expires == request.time.addingTimeInterval(3600))
    }

    @Test(arguments: [
        ["lr"], ["=1"], ["lr="], ["lr*=x"], ["lr*=nan"], ["a b=1"], ["lr=1", "lr=2"],
        ["lr=1", "--over", "0"], ["lr=1", "--at_step", "-1"], ["lr=1", "--expect", "lr"],
        ["lr=1", "--guard", "loss"], ["lr=1", "--guard", "loss < x for 5"],
        ["lr=1", "--guard", "loss < 2x for 0"], ["--at_step", "3"], ["--withdraw", "x"],
        ["--withdraw", "01ARYZ6S41ZZZZZZZZZZZZZZZZ", "lr=1"],
    ])
    func `what cannot be meant is a usage error`(words: [String]) async throws {
        let sandbox = try LauncherSandbox()
        #expect(await sandbox.train(["tune", "a/b"] + words) == 2)
    }

    @Test func `a run that does not run is not tuned`() async throws {
        let sandbox = try LauncherSandbox()
        _ = try await sandbox.sample()
        #expect(await sandbox.train("tune", "classifier/beer", "lr=1") == 1)
        #expect(sandbox.heard.errors.contains("does not run"))
    }
}
