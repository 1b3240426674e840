import Shared
import TestSupport
import Testing

@testable import Agent

/// A new machine gets the tree as its trainer had it: without what it had removed, with directories
/// that it had left empty.
@Suite struct RestoredTreeTests {
    let fixture: SyncFixture

    init() throws { fixture = try SyncFixture() }

    private func loseMachine() throws {
        removeTree(fixture.machine)
        for directory in [fixture.output, fixture.logs, fixture.run] {
            try makeDirectories(directory)
        }
    }

    private func restored() async throws -> [String] {
        try loseMachine()
        _ = try await fixture.engine().restore()
        return try FileManager.default.subpathsOfDirectory(atPath: fixture.output).sorted()
    }

    @Test(arguments: [true, false])
    func `what the trainer has rotated away stays in the bucket`(isLast: Bool) async throws {
        let engine = try await fixture.ready()
        for step in 1...3 { try fixture.rename("w", to: "\(fixture.output)/ckpt-\(step).pt") }
        try fixture.rename("x", to: fixture.output + "/tmp-save/a")
        await engine.tick()
        #expect(unlink(fixture.output + "/ckpt-1.pt") == 0)
        #expect(rename(fixture.output + "/tmp-save", fixture.output + "/save") == 0)
        if isLast {
            try await engine.finish(until: nil)
        } else {
            // A walk may have passed by a rename; two have not.
            for turn in 1...3 {
                try fixture.write("\(turn)", to: "\(fixture.logs)/\(turn).log")
                await engine.tick()
            }
        }
        #expect(fixture.object("output/ckpt-1.pt") == "w")
        let manifest = try fixture.manifest()
        #expect(
            manifest.files.filter { $0.gone == true }.map(\.path).sorted() == [
                "output/ckpt-1.pt", "output/tmp-save/a",
            ])
        #expect(try await restored() == ["ckpt-2.pt", "ckpt-3.pt", "save", "save/a"])
    }

    @Test func `links to directories come back where their directory does`() async throws {
        let engine = try await fixture.ready()
        for step in [100, 200] {
            try fixture.rename("w", to: "\(fixture.output)/step-\(step)/model.pt")
        }
        let latest = fixture.output + "/latest"
        symlink("step-100", latest)
        symlink(fixture.machine, fixture.output + "/away")
        await engine.tick()
        #expect(try fixture.manifest().links.map(\.target) == ["output/step-100"])
        // Nothing else happens: the manifest is written for the link alone.
        unlink(latest)
        symlink(fixture.output + "/step-200", latest)
        try await Eventually.holds {
            await engine.tick()
            return try fixture.manifest().links == [
                Manifest.Link(path: "output/latest", target: "output/step-200")
            ]
        }
        #expect(fixture.record.skippedFiles == ["'output/away' is a link out of the tree"])
        #expect(
            try await restored() == [
                "latest", "step-100", "step-100/model.pt", "step-200", "step-200/model.pt",
            ])
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: latest) == "step-200")
        #expect(fixture.told(.warning).filter { $0.contains("not restored") } == [])
    }

    @Test func `a link to a checkpoint that stays away does not come back`() async throws {
        let engine = try await fixture.ready()
        try fixture.rename("w", to: "\(fixture.output)/step-100/model.pt")
        symlink("step-100", fixture.output + "/latest")
        try await engine.finish(until: nil)
        try fixture.changeManifest { $0.files[0].gone = true }
        #expect(try await restored() == [])
        #expect(
            fixture.told(.warning).last
                == "not restored: 'output/latest' is a link to 'output/step-100', which is not there"
        )
    }

    @Test func `a file that is back comes back`() async throws {
        let engine = try await fixture.ready()
        for name in ["a", "b"] { try fixture.rename(name, to: fixture.output + "/" + name) }
        await engine.tick()
        #expect(unlink(fixture.output + "/a") == 0)
        for _ in 1...3 { await engine.tick() }
        try fixture.rename("new", to: fixture.output + "/a")
        await engine.tick()
        #expect(try await restored() == ["a", "b"])
    }

    @Test func `a tree that is empty is more often a lost disk than a wish`() async throws {
        let engine = try await fixture.ready()
        try fixture.rename("w", to: fixture.output + "/a.pt")
        await engine.tick()
        #expect(unlink(fixture.output + "/a.pt") == 0)
        for _ in 1...3 { await engine.tick() }
        try await engine.finish(until: nil)
        #expect(try await restored() == ["a.pt"])
    }

    @Test func `what is half-written still keeps its checkpoint away`() async throws {
        let engine = try await fixture.ready()
        try fixture.rename("w", to: fixture.output + "/checkpoint-1/model.bin")
        try fixture.rename("w", to: fixture.output + "/checkpoint-2/model.bin")
        await engine.tick()
        try fixture.write("half", to: fixture.output + "/checkpoint-2/optimizer.pt")
        await engine.trainerEnded(abnormally: true)
        try await engine.finish(until: nil)
        #expect(fixture.object("output/checkpoint-2/optimizer.pt.partial") == "half")
        #expect(try await restored() == ["checkpoint-1", "checkpoint-1/model.bin"])
    }

    @Test func `empty directories come back, but for numbered ones`() async throws {
        let engine = try await fixture.ready()
        for name in ["samples", "deep/er", "checkpoint-900", "7"] {
            try makeDirectories("\(fixture.output)/\(name)")
        }
        try fixture.rename("w", to: fixture.output + "/a.pt")
        await engine.tick()
        #expect(try await restored() == ["a.pt", "deep", "deep/er", "samples"])
    }

    @Test(arguments: [
        ("model_0002.pth", "model_0001.pth"),
        ("/old/machine/epoch_12.pth", "/old/machine/epoch_9.pth"),
    ])
    func `last_checkpoint names the newest that is there`(named: String, then: String) {
        let there: Set = ["model_0001.pth", "epoch_9.pth", "epoch_8.pth", "last_checkpoint"]
        let verdict = CheckpointPointers.verdict(
            "output/last_checkpoint", Data(named.utf8), siblings: there)
        #expect(verdict == .becomes(Data(then.utf8)))
        #expect(
            CheckpointPointers.verdict(
                "output/last_checkpoint", Data(then.utf8), siblings: there) == .stays)
        #expect(
            CheckpointPointers.verdict(
                "output/last_checkpoint", Data("gone.pth".utf8), siblings: there) == .goes)
    }
}
