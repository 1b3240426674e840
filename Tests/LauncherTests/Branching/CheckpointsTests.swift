import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite(.timeLimit(.minutes(1))) struct CheckpointsTests {
    private func entry(_ path: String, _ seconds: Int64) -> Manifest.Entry {
        Manifest.Entry(path: "output/" + path, size: 10, mtime: seconds, crc32c: 0)
    }

    private func manifest(_ files: [Manifest.Entry]) -> Manifest {
        Manifest(generation: 1, createdAt: Date(), final: false, files: files)
    }

    @Test func `the output is as it stood when the checkpoint was saved`() throws {
        let all = [
            entry("checkpoint-10/a", 100), entry("checkpoint-10/b", 101),
            entry("checkpoint-20/a", 200), entry("config.json", 50), entry("best.pt", 150),
            entry("last.ckpt", 101), entry("half.pt.partial", 60), entry("epoch-30.pt", 200),
            entry("tmp-checkpoint-30/a", 200),
            Manifest.Entry(path: "logs/train.log", size: 1, mtime: 1, crc32c: 0),
        ]
        let checkpoints = Checkpoints(manifest(all))
        #expect(checkpoints.all.map(\.step) == [10, 20])
        let paths = checkpoints.output(asOf: try #require(checkpoints.all.first)).map(\.path)
        #expect(
            Set(paths) == [
                "output/checkpoint-10/a", "output/checkpoint-10/b", "output/config.json",
                "output/last.ckpt",
            ])
        #expect(Checkpoints.nearest(to: 16, in: checkpoints.all)?.step == 20)
    }

    @Test func `a note of the observer counts more than a name, for all of the checkpoint`() {
        let all = [entry("ckpt_2.pt", 1), entry("ckpt_2.json", 2), entry("model.pt", 3)]
        let notes = [PathKey("output/ckpt_2.pt"): 1000, PathKey("output/model.pt"): 1500]
        let checkpoints = Checkpoints(manifest(all), notes: notes)
        #expect(checkpoints.all.map(\.step) == [1000, 1500])
        #expect(checkpoints.all.first?.files.count == 2)
    }

    @Test(.enabled(if: isInstalled("python3"), "python3 is not installed"))
    func `the digest is the one that the observer notes`() async throws {
        let scratch = try Scratch()
        let content = (0..<10_000).map { "\(100_000_000 + $0)\n" }.joined()
        let bytes = Data(content.utf8)
        let file = try scratch.write(content, to: "model.pt")
        let library = parentDirectory(#filePath) + "/../../../python"
        var command = Command(
            "python3",
            [
                "-c",
                "import sys; from ai_training_utils import _checkpoint_notes as n; "
                    + "print(n._digest(sys.argv[1]))", file,
            ])
        command.environment["PYTHONPATH"] = library
        let noted = try await PosixRunner().output(of: command).split(separator: "\n").first
        let digest = CheckpointNotes.digest(size: 100_000, tail: bytes.suffix(1 << 16))
        #expect(noted.map(String.init) == digest)

        let notes = CheckpointNotes(
            Data("{\"digest\":\"\(digest)\",\"step\":7}\nnothing\n{\"digest\":1}\n".utf8))
        try scratch.write(content, to: "run/output/model.pt")
        let entry = Manifest.Entry(path: "output/model.pt", size: 100_000, mtime: 1, crc32c: 0)
        let found = try await notes.steps(
            of: [entry], in: FolderSource(directory: scratch.path + "/run"))
        #expect(found == [PathKey("output/model.pt"): 7])

        // An optimizer without a state is the same file in each checkpoint: the names tell.
        let line = "{\"digest\":\"\(digest)\",\"step\":"
        let twice = CheckpointNotes(Data("\(line)7}\n\(line)9}\n".utf8))
        var named = entry
        named.path = "output/checkpoint-7/optimizer.pt"
        try scratch.write(content, to: "run/" + named.path)
        let steps = try await twice.steps(
            of: [entry, named], in: FolderSource(directory: scratch.path + "/run"))
        #expect(steps == [PathKey("output/model.pt"): 9])
    }

    @Test func `a child begins with what was in force at the checkpoint, then with its change`()
        throws
    {
        let lines = [
            #"{"id":"A","state":"delivered","request":{}}"#,
            #"{"id":"A","state":"applied","step":5,"time":10.5,"changes":{}}"#,
            #"{"id":"B","state":"applied","step":12,"time":12,"changes":{}}"#,
            #"{"id":"C","state":"applied","step":8,"time":99,"changes":{}}"#,
            #"{"id":"D","state":"refused","step":5,"time":10}"#, "no json",
        ]
        let checkpoint = Checkpoints.Checkpoint(
            step: 10, files: [entry("checkpoint-10/a", 20_000_000_000)])
        var request = ControlRequest(
            id: try #require(ULID("01ARZ3NDEKTSV4RRFFQ69G5FAV")), by: "ann",
            time: Date(timeIntervalSince1970: 0), command: .tune)
        request.changes = ["lr": ControlRequest.Change(set: .number(1e-4))]
        let journal = try ParentTunings.journal(
            from: Data((lines.joined(separator: "\n") + "\n").utf8), asOf: checkpoint,
            then: request, now: Date(timeIntervalSince1970: 5))
        let text = String(decoding: journal, as: UTF8.self).split(separator: "\n")
        #expect(text.count == 2)
        #expect(text[0] == lines[1])
        #expect(text[1].contains(#""state":"delivered""#))
        #expect(text[1].contains(#""changes":{"lr":{"set":0.0001}}"#))
        let whole = try ParentTunings.journal(
            from: Data((lines.joined(separator: "\n") + "\n").utf8), asOf: nil, then: nil,
            now: Date())
        #expect(whole.split(separator: 0x0A).count == 3)
    }
}
