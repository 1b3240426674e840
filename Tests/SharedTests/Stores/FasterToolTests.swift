import TestSupport
import Testing

@testable import Shared

/// Many files down, or one file up: rclone where it gets in, the store's own tool where not.
@Suite(.serialized, .enabled(if: isInstalled("rclone"), "rclone is not installed"))
struct FasterToolTests {
    @Test func `where rclone fails, the store's own tool brings the files`() async throws {
        let scratch = try Scratch()
        let back = scratch.path + "/back"
        let runner = ScriptedRunner { command in
            switch (command.executable, command.arguments) {
            case ("rclone", _):
                return CommandResult(termination: .exited(1), errorOutput: "no credentials")
            case ("gsutil", let words) where words.contains("ls"):
                return CommandResult(
                    termination: .exited(0),
                    output: "gs://b/p/a:\n    Content-Length:   1\nTOTAL: 1 objects, 1 bytes\n")
            case ("gsutil", let words) where words.contains("rsync"):
                try AtomicFile.write(Data("x".utf8), to: back + "/a")
                return CommandResult(termination: .exited(0))
            default: return nil
            }
        }
        let client = try StoreClient(url: StoreURL(parsing: "gs://b/p"), runner: runner)
        try await client.download(tree: "", to: back)
        #expect(runner.commands.map(\.executable) == ["rclone", "gsutil", "gsutil"])
        #expect(try scratch.contents("back") == ["a": "x"])
    }

    /// What becomes of rclone.
    enum Fate: CaseIterable { case works, fails, stalls }

    @Test(arguments: Fate.allCases)
    func `one file goes up by rclone, and by the store's own tool where that fails`(
        fate: Fate
    ) async throws {
        let scratch = try Scratch()
        let file = scratch.path + "/manifest.json"
        try AtomicFile.write(Data("{}".utf8), to: file)
        let runner = ScriptedRunner { command in
            switch (command.executable, fate) {
            case ("rclone", .fails):
                return CommandResult(termination: .exited(1), errorOutput: "no credentials")
            case ("rclone", .stalls): throw Failure("rclone moved nothing for 120 s")
            default: return CommandResult(termination: .exited(0))
            }
        }
        let client = try StoreClient(url: StoreURL(parsing: "gs://b/p"), runner: runner)
        try await client.upload(file: file, as: "run/manifest.json")
        let tools = runner.commands.map(\.executable)
        #expect(tools == (fate == .works ? ["rclone"] : ["rclone", "gsutil"]))
    }

    @Test(arguments: Fate.allCases)
    func `one file comes down by rclone, and by the store's own tool where that fails`(
        fate: Fate
    ) async throws {
        let scratch = try Scratch()
        let file = scratch.path + "/status.json"
        let runner = ScriptedRunner { command in
            switch (command.executable, fate) {
            case ("rclone", .fails):
                return CommandResult(termination: .exited(1), errorOutput: "no credentials")
            case ("rclone", .stalls): throw Failure("rclone moved nothing for 120 s")
            default:
                let isRclone = command.executable == "rclone"
                let name = command.arguments.last { $0.hasPrefix(isRclone ? "/" : "./") } ?? ""
                let target = isRclone ? name : "\(command.workingDirectory ?? "")/\(name)"
                try AtomicFile.write(Data("{}".utf8), to: target)
                return CommandResult(termination: .exited(0))
            }
        }
        let client = try StoreClient(url: StoreURL(parsing: "gs://b/p"), runner: runner)
        try await client.download(object: "run/status.json", to: file, limit: 1000)
        let tools = runner.commands.map(\.executable)
        #expect(tools == (fate == .works ? ["rclone"] : ["rclone", "gsutil"]))
        #expect(try scratch.contents("") == ["status.json": "{}"])
    }

    @Test func `where rclone brings nothing, or a tree, the store's own tool has the last word`()
        async throws
    {
        let scratch = try Scratch()
        for isTree in [false, true] {
            let runner = ScriptedRunner { command in
                guard command.executable == "rclone" else {
                    return CommandResult(
                        termination: .exited(1),
                        errorOutput: "CommandException: No URLs matched: gs://b/p/run")
                }
                if isTree, let target = command.arguments.first(where: { $0.hasPrefix("/") }) {
                    try makeDirectories(target + "/status.json")
                }
                return CommandResult(termination: .exited(0))
            }
            let client = try StoreClient(url: StoreURL(parsing: "gs://b/p"), runner: runner)
            // What a killed call left is no object.
            let partial = PartialFile.path(for: scratch.path + "/run")
            try AtomicFile.write(Data("half".utf8), to: partial)
            await #expect(throws: Failure("gs://b/p/run does not exist")) {
                try await client.download(
                    object: "run", to: scratch.path + "/run", limit: 1000)
            }
            #expect(runner.commands.map(\.executable) == ["rclone", "gsutil"])
            #expect(try scratch.contents("") == [:])
            #expect(!exists(partial))
        }
    }

    @Test func `who chose a tool gets that one alone`() throws {
        let url = try StoreURL(parsing: "gs://b/p")
        #expect(
            try StoreRegistry.store(for: url, access: StoreAccess(tool: "gsutil")).traits.faster
                == nil)
        let traits = try StoreRegistry.store(for: url, access: StoreAccess()).traits
        #expect(traits.faster?.traits.tool == "rclone")
    }

    @Test(.enabled(if: Emulator.canRun(.googleWithKey) && isInstalled("gsutil")))
    func `with the key of the store rclone brings them, and no more comes than changed`()
        async throws
    {
        let scratch = try Scratch()
        let emulator = try await Emulator.start(.googleWithKey)
        defer { emulator.stop() }
        let bucket = try await emulator.makeBucket()
        let client = try StoreClient(
            url: StoreURL(parsing: "gs://\(bucket)"),
            access: emulator.access(key: emulator.keyFile),
            runner: emulator.runner())
        for name in ["a", "sub/b"] {
            try emulator.put(Data("old".utf8), bucket: bucket, name: "data/\(name)")
        }
        try await client.download(tree: "data", to: scratch.path + "/back")
        #expect(try scratch.contents("back") == ["a": "old", "sub/b": "old"])

        try emulator.put(Data("new!".utf8), bucket: bucket, name: "data/a")
        _ = try emulator.requests()
        try await client.download(tree: "data", to: scratch.path + "/back")
        #expect(try scratch.contents("back") == ["a": "new!", "sub/b": "old"])
        let fetched = try emulator.requests().filter { $0.line.contains("alt=media") }
        #expect(fetched.count == 1, "\(fetched)")
    }
}
