import Shared
import TestSupport
import Testing

/// Runs that a former version started are watched and finished by this one: the state folder, job,
/// status, events and manifest are those that version wrote (`Tests/RecordedRuns`).
@Suite(.timeLimit(.minutes(5))) struct FormerRunTests {
    /// Puts the recorded run into the laptop's state, with the paths of this laptop in it.
    private func place(_ name: String, of version: String, in laptop: LauncherFixture) throws {
        let recorded = BuiltProducts.repository + "/Tests/RecordedRuns/\(version)/\(name)"
        let folder = laptop.runs + "/train-recorded-\(name)-beer"
        try FileManager.default.createDirectory(
            atPath: laptop.runs, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        try FileManager.default.copyItem(atPath: recorded, toPath: folder)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder)
        for file in ["run.json", "job.json"] {
            let text = String(decoding: try readFile(folder + "/" + file), as: UTF8.self)
                .replacing("@RUN@", with: folder).replacing("@HOME@", with: laptop.scratch.path)
            try Data(text.utf8).write(to: URL(filePath: folder + "/" + file))
        }
    }

    @Test(arguments: ["0.1.0"])
    func `a run that a former version ended is shown and collected`(version: String) async throws {
        try await LauncherFixture.with { laptop in
            try place("ended", of: version, in: laptop)

            let list = try await laptop.train("list")
            #expect(list.output.contains("succeeded"), "\(list.output)\(list.errorOutput)")
            let status = try await laptop.status("ended/beer")
            #expect(status["status"]?["outcome"]?["kind"]?.string == "succeeded", "\(status)")

            let finish = try await laptop.finish("ended/beer")
            #expect(finish.succeeded, "\(finish.output)\(finish.errorOutput)")
            let folder = try laptop.collection()
            #expect(try readFile(folder + "/output/model.bin").count == 700)
            #expect(exists(folder + "/run/capsule.json"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: laptop.runs) == [])
        }
    }

    @Test(arguments: ["0.1.0"])
    func `a run whose former agent died keeps its bytes until it is forced`(
        version: String
    ) async throws {
        try await LauncherFixture.with { laptop in
            try place("lost", of: version, in: laptop)

            let list = try await laptop.train("list")
            #expect(list.output.contains("dead"), "\(list.output)\(list.errorOutput)")
            let refused = try await laptop.finish("lost/beer")
            #expect(refused.termination == .exited(1), "\(refused.output)\(refused.errorOutput)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: laptop.runs).count == 1)

            let forced = try await laptop.finish("lost/beer", ["--force", "lost/beer"])
            #expect(forced.succeeded, "\(forced.output)\(forced.errorOutput)")
            #expect(try readFile(laptop.collection() + "/output/model.bin").count == 700)
        }
    }
}
