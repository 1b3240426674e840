import Shared
import TestSupport
import Testing

@testable import Launcher

/// Links to directories that the training made, in what `finish` brings home.
@Suite(.enabled(if: isInstalled("python3"), "python3 is not installed"), .timeLimit(.minutes(2)))
struct FinishLinksTests {
    private let laptop: LauncherSandbox

    init() throws { laptop = try LauncherSandbox() }

    private func finish() async -> Int32 {
        await laptop.train(["finish", "classifier/beer", "--destination", laptop.collected])
    }

    @Test func `a link comes home, and one that leads out does not`() async throws {
        let run = try await laptop.sample()
        try run.changeManifest {
            $0.links = [
                Manifest.Link(path: "output/evil", target: "output/../../.."),
                Manifest.Link(path: "output/gone", target: "output/epoch 2"),
                Manifest.Link(path: "output/last", target: "output/epoch 1"),
            ]
        }
        #expect(await finish() == 0, "\(laptop.heard.errors)")
        let place = try laptop.collection()
        #expect(try readFile(place + "/output/last/mödel.bin").count == 7000)
        let text = try FileManager.default.destinationOfSymbolicLink(atPath: place + "/output/last")
        #expect(text == "epoch 1")
        #expect(!exists(place + "/output/evil"))
        #expect(!exists(place + "/output/gone"))
        #expect(!exists(place + "/unlisted"))
        #expect((laptop.heard.outputs + laptop.heard.errors).contains("which is not there"))
    }

    @Test func `a finish that was refused goes on where it had made a link`() async throws {
        let run = try await laptop.sample()
        try run.changeManifest {
            $0.links = [Manifest.Link(path: "output/last", target: "output/epoch 1")]
        }
        try run.changeStatus { $0.sync.skippedFiles = ["'output/x' is a link out of the tree"] }
        #expect(await finish() == 1)
        let place = try laptop.collection()
        #expect(exists(place + "/output/last/mödel.bin"))
        try run.changeStatus { $0.sync.skippedFiles = [] }
        #expect(await finish() == 0, "\(laptop.heard.errors)")
        #expect(try laptop.collection() == place)
        #expect(exists(place + "/output/last/mödel.bin"))
        #expect(!exists(place + "/unlisted"))
    }
}
