import Shared
import TestSupport
import Testing

@testable import Launcher

/// Each mistake: one line with the flag, a way out, and nothing created.
@Suite struct BadInputTests {
    private let laptop: LauncherSandbox

    init() throws { laptop = try LauncherSandbox(environment: ["EMPTY_HANDED": "x"]) }

    private func check(_ code: Int32, _ expected: Int32, mentions word: String) {
        #expect(code == expected, "\(laptop.heard.errors)")
        let lines = laptop.heard.errors.split(separator: "\n").filter { !$0.hasPrefix("  ") }
        #expect(lines.first?.hasPrefix("train: error: ") == true)
        #expect(lines.first?.contains(word) == true, "\(laptop.heard.errors)")
        #expect(lines.count == 2, "one line and its hint: \(laptop.heard.errors)")
        #expect(lines.last?.hasPrefix("hint: ") == true)
        #expect(!exists(laptop.scratch.path + "/state"))
        #expect(laptop.heard.outputs == "")
    }

    @Test(arguments: [
        (["--modul", "x"], "'--modul'"),
        (["--module", "a", "--module", "b"], "--module is given twice"),
        (["--module"], "--module needs a value"),
        (["--module="], "--module is empty"),
        (["--module", "../x"], "--module '../x'"),
        (["--module", "missing.main"], "--module missing.main"),
        (["--code_name", "other"], "--code_name 'other'"),
        (["--project_name", "a/b"], "--project_name 'a/b'"),
        (["--project_name", ".."], "--project_name '..'"),
        (["--project_name", "a\nb"], "--project_name 'a\\nb'"),
        (["--project_name", String(repeating: "x", count: 300)], "--project_name has 300"),
        (["--credentials_path", "/nonexistent"], "--credentials_path '/nonexistent'"),
        (["--max_duration", "0"], "--max_duration '0'"),
        (["--max_duration", "1w"], "--max_duration '1w'"),
        (["--max_cost", "0"], "--max_cost '0'"),
        (["--max_cost", "5"], "--max_cost needs the price"),
        (["--epochs", "5"], "unknown flag '--epochs'"),
        (["--sync_interval_seconds", "0"], "--sync_interval_seconds '0'"),
        (["--sync_interval_seconds", "nan"], "--sync_interval_seconds 'nan'"),
        (["--max_restarts", "-1"], "--max_restarts '-1'"),
        (["--grace_seconds", "inf"], "--grace_seconds 'inf'"),
        (["--keep_last", "0"], "--keep_last '0'"),
        (["--transfer_tool", "gsutils"], "--transfer_tool 'gsutils'"),
        (["--env", "1A=x"], "--env"),
        (["--env", "NOT_SET_ANYWHERE"], "--env NOT_SET_ANYWHERE"),
        (["--output_bucket", "ftp://x"], "--output_bucket"),
        (
            ["--output_bucket", "my-bucket"],
            "--output_bucket: 'my-bucket' is neither a URL nor a path"
        ),
        (["extra"], "'extra'"),
    ])
    func `a bad flag exits 2`(words: [String], mention: String) async {
        check(await laptop.start(words), 2, mentions: mention)
    }

    @Test func `all that is missing is told at once`() async {
        check(await laptop.train("start"), 2, mentions: "--code_path, --dataset_bucket, ")
        #expect(laptop.heard.errors.contains("--dataset_bucket, --project_name are missing"))
        #expect(laptop.heard.errors.contains("gcp, the default cloud"))
        #expect(laptop.heard.errors.contains("--cloud local"))
    }

    @Test func `a flag of the user's own main is sent behind the dashes`() async {
        #expect(await laptop.start(["--epochs", "5"]) == 2)
        #expect(laptop.heard.errors.contains("hint: for your main? put it after --"))
    }

    @Test func `a misspelled flag never prints the value behind it`() async {
        _ = await laptop.start(["--tokn=hunter2"])
        _ = await laptop.start(["--env", "9=hunter2"])
        #expect(!laptop.heard.errors.contains("hunter2"))
    }

    private func startOn(code: String, data: String) async -> Int32 {
        await laptop.train(
            "start", "classifier/beer", "--cloud", "local", "--code_path", code,
            "--dataset_bucket", data)
    }

    @Test func `a code path that is a file`() async throws {
        let file = try laptop.scratch.write("", to: "file")
        check(await startOn(code: file, data: laptop.data), 2, mentions: "--code_path")
    }

    @Test func `a code path that is not there`() async {
        check(await startOn(code: "/nonexistent", data: laptop.data), 2, mentions: "--code_path")
    }

    @Test func `a dataset that is not there, a file, or empty`() async throws {
        let empty = laptop.scratch.path + "/empty/deeper"
        try makeDirectories(empty)
        let file = try laptop.scratch.write("", to: "file")
        for data in ["/nonexistent", file, parentDirectory(empty)] {
            let laptop = try LauncherSandbox()
            let code = await laptop.train(
                "start", "classifier/beer", "--cloud", "local", "--code_path", laptop.code,
                "--dataset_bucket", data)
            #expect(code == 1)
            #expect(laptop.heard.errors.contains("train: error: --dataset_bucket"))
            #expect(laptop.heard.errors.contains(data))
            #expect(laptop.heard.errors.contains("hint: "))
            #expect(!exists(laptop.scratch.path + "/state"))
        }
    }

    @Test func `code without a main, and with two`() async throws {
        try laptop.scratch.write("x = 1\n", to: "code/training_module/main.py")
        check(await laptop.start([]), 2, mentions: "training_module/main.py has no main()")
        let other = try LauncherSandbox()
        try other.scratch.write("def main(): pass\nmain()\n", to: "code/another/main.py")
        #expect(await other.start([]) == 2)
        #expect(other.heard.errors.contains("another.main, training_module.main"))
    }

    @Test func `an agent that is not there or is none`() async throws {
        let script = try laptop.scratch.write("#!/bin/sh\n", to: "agent", mode: 0o755)
        for path in ["/nonexistent", script] {
            let laptop = try LauncherSandbox()
            #expect(await laptop.start(["--agent_path", path]) == 1)
            #expect(laptop.heard.errors.contains("--agent_path"))
            #expect(
                laptop.heard.errors.contains("swift build -c release --product train-agent"))
            #expect(!exists(laptop.scratch.path + "/state"))
        }
    }

    @Test func `a state directory that cannot be made`() async throws {
        let file = try laptop.scratch.write("", to: "file")
        let blocked = try LauncherSandbox(environment: ["XDG_STATE_HOME": file])
        #expect(await blocked.start([]) == 1)
        #expect(blocked.heard.errors.contains("XDG_STATE_HOME"))
    }

    @Test(arguments: ["status", "stop", "finish"])
    func `commands for one run name what they miss`(command: String) async {
        check(await laptop.train(command), 2, mentions: "--code_name is missing")
    }

    @Test(arguments: ["status", "stop", "finish"])
    func `commands for one run refuse names that cannot be`(command: String) async {
        check(await laptop.train(command, "../x/y"), 2, mentions: "'../x/y'")
    }

    @Test(arguments: ["status", "stop", "finish"])
    func `commands for one run say that it is unknown`(command: String) async {
        check(await laptop.train(command, "a/b"), 1, mentions: "no run a/b is known here")
    }
}
