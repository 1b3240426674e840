import Shared
import TestSupport
import Testing

@testable import Launcher

/// What `finish` does with what the training wrote beside its output directory.
@Suite(.enabled(if: isInstalled("python3"), "python3 is not installed"), .timeLimit(.minutes(2)))
struct FinishStrayTests {
    private let laptop: LauncherSandbox

    init() throws { laptop = try LauncherSandbox() }

    private func finish(_ words: String...) async -> Int32 {
        await laptop.train(
            ["finish", "classifier/beer", "--destination", laptop.collected] + words)
    }

    @Test func `what the training wrote beside its output is said, and comes home checked`()
        async throws
    {
        let run = try await laptop.sample()
        let (model, path) = (Data("weights".utf8), "stray/checkpoints/a.pt")
        try makeDirectories(run.folder.bucket + "/stray/checkpoints")
        try AtomicFile.write(model, to: "\(run.folder.bucket)/\(path)")
        try run.changeManifest {
            $0.files.append(.init(path: path, size: 7, mtime: 1, crc32c: CRC32C.of(model)))
        }
        try run.changeStatus {
            var stray = RunStatus.StrayFiles(isKept: true)
            (stray.files, stray.bytes) = (1, 7)
            stray.largest = [.init(path: "checkpoints/a.pt", bytes: 7)]
            ($0.sync.stray, $0.sync.isOutputEmpty) = (stray, true)
        }
        #expect(await laptop.train("list") == 0)
        #expect(laptop.heard.outputs.contains("output is empty, 1 file (7 bytes) beside output"))
        #expect(await laptop.train("status", "classifier/beer") == 0)
        let words = "written beside the output directory, kept below stray/: checkpoints/a.pt"
        #expect(laptop.heard.outputs.contains(words))
        #expect(laptop.heard.outputs.contains("output        is empty"))
        _ = try Watch(context: laptop.context).report(try await run.look())
        #expect(laptop.heard.errors.contains(words))
        #expect(await finish("--json") == 0, "\(laptop.heard.errors)")
        let json = try JSONDecoder().decode(
            JSONValue.self, from: Data(laptop.heard.outputs.drop { $0 != "{" }.utf8))
        guard case .object(let result) = json, case .string(let home)? = result["directory"] else {
            Issue.record("no directory in \(json)")
            return
        }
        #expect(try readFile("\(home)/\(path)") == model)
        #expect(result["is_output_empty"] == .bool(true))
        #expect(result["unlisted"] == .array([]))
    }

    @Test func `a stray file that differs keeps the run`() async throws {
        let run = try await laptop.sample()
        try makeDirectories(run.folder.bucket + "/stray")
        try AtomicFile.write(Data("torn".utf8), to: run.folder.bucket + "/stray/a.pt")
        try run.changeManifest {
            $0.files.append(.init(path: "stray/a.pt", size: 4, mtime: 1, crc32c: 1))
        }
        #expect(await finish() == 1)
        #expect(laptop.heard.errors.contains("stray/a.pt"), "\(laptop.heard.errors)")
        #expect(run.folder.exists)
    }

    @Test func `what is beyond the limit keeps the run, and is saved by force`() async throws {
        let run = try await laptop.sample()
        try run.changeStatus {
            var stray = RunStatus.StrayFiles(isKept: true)
            (stray.files, stray.bytes, stray.leftFiles, stray.leftBytes) = (30, 9_000, 30, 9_000)
            stray.left = [.init(path: "big.bin", bytes: 8_000)]
            $0.sync.stray = stray
        }
        let code = run.folder.machine + "/code"
        try makeDirectories(code + "/__pycache__")
        for name in ["big.bin", "main.py", "__pycache__/main.pyc"] {
            try AtomicFile.write(Data(name.utf8), to: "\(code)/\(name)")
        }
        var information = stat()
        #expect(stat(code + "/main.py", &information) == 0)
        var baseline = CodeBaseline()
        baseline.add("main.py", CodeBaseline.Version(information))
        let work = WorkDirectory(run.folder.machine + "/work")
        try makeDirectories(work.sync)
        try baseline.write(to: work.codeBaseline)
        #expect(await finish() == 1)
        let words = ["big.bin (8.0 KB) is beyond --stray", "29 files more beyond --stray"]
        for word in words { #expect(laptop.heard.errors.contains(word)) }
        #expect(await finish("--force", "classifier/beer", "--json") == 0, "\(laptop.heard.errors)")
        let json = try JSONDecoder().decode(
            [String: JSONValue].self, from: Data(laptop.heard.outputs.drop { $0 != "{" }.utf8))
        #expect(json["unsynced"] == .array(["stray/big.bin"]))
    }
}
