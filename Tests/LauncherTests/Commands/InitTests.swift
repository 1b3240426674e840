import Shared
import Synchronization
import TestSupport
import Testing

@testable import Launcher

@Suite struct InitTests {
    private let laptop: LauncherSandbox

    init() throws { laptop = try LauncherSandbox() }

    private func initialise(_ words: String...) async -> Int32 {
        await laptop.train(["init", "--code_path", laptop.code] + words)
    }

    private func text(_ name: String) throws -> String {
        String(decoding: try readFile("\(laptop.code)/\(name)"), as: UTF8.self)
    }

    /// The same laptop with somebody at its terminal who types these lines.
    private func answering(_ lines: [String]) -> Context {
        let rest = Mutex(lines[...])
        var context = laptop.context
        context.terminal = Terminal(isInteractive: true, width: 80, hasColour: false)
        context.isInputTerminal = true
        context.readAnswer = { rest.withLock { $0.popFirst() } }
        return context
    }

    @Test func `what is written starts the training with no other flag`() async throws {
        #expect(
            await initialise(
                "--cloud", "local", "--dataset_bucket", laptop.data, "--max_duration", "8h",
                "--env",
                "A=1", "--exclude", "*.tmp", "--", "--epochs", "5", "007") == 0)
        let written = try text("train.json")
        #expect(written.contains(#""arguments" : ["#))
        #expect(written.contains(#""007""#), "a text that looks like a number stays as typed")
        #expect(await laptop.train("start", "--code_path", laptop.code, "--dry_run") == 0)
        let job = laptop.heard.outputs
        for word in [#""--epochs""#, #""5""#, #""007""#, #""A" : "1""#] {
            #expect(job.contains(word), "\(word)")
        }
    }

    @Test func `a file that is there is not touched`() async throws {
        try laptop.scratch.write("mine", to: "code/.trainignore")
        #expect(await initialise() == 0)
        #expect(try text(".trainignore") == "mine")
        let before = try text("train.json")
        #expect(await initialise("--max_duration", "1h") == 2)
        #expect(try text("train.json") == before)
        #expect(laptop.heard.errors.contains("is there already"))
    }

    @Test func `a link in the place of the file is not followed`() async throws {
        let target = laptop.scratch.path + "/elsewhere"
        try #require(symlink(target, laptop.code + "/train.json") == 0)
        #expect(await initialise() == 2)
        #expect(!exists(target))
    }

    @Test(arguments: [
        ["--max_duration", "never"], ["--env", "HOME"], ["--cloud", "clowd"],
        ["--dataset_bucket", "/nowhere"], ["--command", "x", "--module", "y"],
        ["--code_name", "a/b"], ["--credentials_path", "key.json"], ["--module", "absent.main"],
    ])
    func `what no start would take is refused, and nothing is written`(words: [String]) async {
        #expect(
            await laptop.train(["init", "--code_path", laptop.code, "--cloud", "local"] + words)
                != 0)
        #expect(!exists(laptop.code + "/train.json"))
        #expect(!exists(laptop.code + "/.trainignore"))
    }

    @Test func `results, data and secrets that lie in the code are left out of it`() async throws {
        for path in [
            "runs/events", "wandb/x.bin", "data/a.csv", ".env", "logs/tool.py", "odd [1]/a.csv",
        ] {
            try laptop.scratch.write("x", to: "code/" + path)
        }
        #expect(
            await initialise("--dataset_bucket", laptop.code + "/data", "--cloud", "local") == 0)
        let lines = try text(".trainignore").split(separator: "\n").dropFirst()
        #expect(Array(lines) == ["/data/", "/runs/", "/wandb/", "/.env"])
        let code = try CodeTree(directory: laptop.code)
        #expect(code.paths.contains("logs/tool.py"), "a package that is called logs is code")
        #expect(!code.paths.contains { $0.hasPrefix("data/") || $0 == ".env" })
        #expect(laptop.heard.outputs.contains("of the code: /data/, /runs/, /wandb/, /.env"))
    }

    @Test func `a dataset whose name holds signs of a pattern is left out`() async throws {
        try laptop.scratch.write("x", to: "code/set [1]*/a.csv")
        #expect(
            await initialise("--dataset_bucket", laptop.code + "/set [1]*", "--cloud", "local") == 0
        )
        #expect(!(try CodeTree(directory: laptop.code).paths.contains { $0.hasSuffix("a.csv") }))
    }

    @Test func `on a terminal it asks for what it does not find`() async throws {
        try FileManager.default.removeItem(atPath: laptop.code + "/training_module")
        try laptop.scratch.write(
            "import argparse\np.add_argument(\"--out_dir\")\n", to: "code/train.py")
        let context = answering(["", " local ", laptop.data])
        let words = ["init", "--code_path", laptop.code]
        #expect(
            await Launcher.program(context).run(words, console: laptop.heard.console) == 0)
        #expect(
            try text("train.json") == """
                {
                  "cloud" : "local",
                  "command" : "python train.py --out_dir={output_directory}",
                  "dataset_bucket" : "\(laptop.data)"
                }

                """)
    }

    @Test func `where nobody can answer, code without an entry is refused`() async throws {
        try FileManager.default.removeItem(atPath: laptop.code + "/training_module")
        try laptop.scratch.write("", to: "code/train.py")
        #expect(await initialise("--cloud", "local") == 2)
        #expect(laptop.heard.errors.contains("--command 'python train.py'"))
    }

    @Test func `for programs it says what is still missing`() async throws {
        #expect(await initialise("--json") == 0)
        let outputs = laptop.heard.outputs
        #expect(outputs.contains(#""module" : "training_module.main""#))
        for name in ["--dataset_bucket", "--project_name"] { #expect(outputs.contains(name)) }
    }
}
