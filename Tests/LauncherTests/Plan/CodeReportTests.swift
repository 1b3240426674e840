import Shared
import TestSupport
import Testing

@testable import Launcher

/// What a start says of the code before it packs it.
@Suite(.timeLimit(.minutes(1))) struct CodeReportTests {
    private let laptop: LauncherSandbox

    init() throws { laptop = try LauncherSandbox() }

    private func report() async -> String {
        let code = await laptop.start(["--dry_run"])
        #expect(code == 0, "\(laptop.heard.errors)")
        return laptop.heard.errors
    }

    @Test func `results of earlier runs, ignored files and odd ones are left out, and said`()
        async throws
    {
        try laptop.scratch.write(
            "{}", to: "code/20261126-120000_classifier_beer/run/manifest.json")
        for name in ["output/model.pt", "logs/train.log"] {
            try laptop.scratch.write(
                "x", to: "code/20261126-120000_classifier_beer/" + name)
        }
        try laptop.scratch.write("wandb/\n", to: "code/.gitignore")
        try laptop.scratch.write("x", to: "code/wandb/run")
        try laptop.scratch.write("x", to: "code/training_module/__pycache__/main.pyc")
        mkfifo(laptop.code + "/pipe", 0o600)
        let said = await report()
        #expect(
            said.contains(
                "  left out of the code, since train finish made it: 20261126-120000_classifier_beer\n"
            ))
        #expect(said.contains("  left out of the code by .gitignore: wandb\n"))
        #expect(said.contains("  left out of the code, since it is no file: pipe\n"))
        #expect(!said.contains("__pycache__"))
    }

    @Test func `much code is said with its largest parts`() async throws {
        let file = try laptop.scratch.write("", to: "code/out/deep/ckpt.pt")
        #expect(truncate(file, 60_000_000) == 0)
        let said = await report()
        #expect(said.contains("the code has 60.0 MB: out/deep 60.0 MB, "), "\(said)")
        #expect(said.contains("name in .trainignore what the training does not need"))
    }

    @Test(arguments: [
        (".env", "TOKEN=1"), (".env.production", ""), ("keys/id_rsa", ""), ("server.pem", ""),
        ("key.json", #"{"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----"}"#),
    ])
    func `a file that looks like a secret is warned of`(name: String, text: String) async throws {
        try laptop.scratch.write(text, to: "code/" + name)
        let said = await report()
        #expect(
            said.contains("these look like secrets and travel with the code: \(name);"), "\(said)")
    }

    @Test(arguments: [(".env.example", ""), ("config.json", "{}"), ("environment.py", "")])
    func `other files are not`(name: String, text: String) async throws {
        try laptop.scratch.write(text, to: "code/" + name)
        #expect(await !report().contains("look like secrets"))
    }

    @Test func `a module that is ignored is refused with the line that takes it in`() async throws {
        try laptop.scratch.write("training_module\n", to: "code/.gitignore")
        try laptop.scratch.write("", to: "code/other.py")
        #expect(await laptop.start(["--dry_run"]) == 2)
        #expect(
            laptop.heard.errors.contains(
                "'training_module' is left out of the code by .gitignore, and the training begins"))
        #expect(laptop.heard.errors.contains("the line !/training_module in .trainignore"))
        try laptop.scratch.write("!/training_module\n", to: "code/.trainignore")
        #expect(await laptop.start(["--dry_run"]) == 0)
    }
}
