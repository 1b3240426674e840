import Shared
import TestSupport
import Testing

@testable import Launcher

/// A repository is looked at and never obeyed: nothing that it names runs.
@Suite(.enabled(if: isInstalled("git"), "git is not installed"), .timeLimit(.minutes(1)))
struct HostileGitTests {
    private let fixture: GitFixture

    init() throws { fixture = try GitFixture() }

    /// How a repository makes git run a program.
    enum Trap: String, CaseIterable, CustomTestStringConvertible {
        case fileMonitor, fileMonitorInIndex, cleanFilter, processFilter, indexHook, hooksPath
        case submodule, externalWorkTree, separateDirectory
        var testDescription: String { rawValue }
    }

    private func lay(_ trap: Trap) async throws {
        let fixture = fixture
        func configure(_ key: String, _ value: String) async throws {
            try await fixture.git(["config", key, value])
        }
        switch trap {
        case .fileMonitor:
            try await configure("core.fsmonitor", fixture.trap)
        case .fileMonitorInIndex:
            try await configure("core.fsmonitor", fixture.trap)
            try await fixture.git(["update-index", "--fsmonitor"])
        case .cleanFilter, .processFilter:
            try fixture.write("* filter=trap\n", to: ".gitattributes")
            try await configure(
                trap == .cleanFilter ? "filter.trap.clean" : "filter.trap.process", fixture.trap)
        case .indexHook, .hooksPath:
            let place = trap == .indexHook ? ".git/hooks" : "hooks"
            if trap == .hooksPath { try await configure("core.hooksPath", "hooks") }
            try fixture.scratch.write(
                "#!/bin/sh\n\(fixture.trap)\n", to: "repository/\(place)/post-index-change",
                mode: 0o755)
        case .submodule:
            let inner = fixture.scratch.path + "/inner"
            try await fixture.make(at: inner)
            try await fixture.git(["submodule", "--quiet", "add", inner, "sub"])
            try await fixture.commit()
            try await fixture.git(
                ["config", "core.fsmonitor", fixture.trap], in: fixture.repository + "/sub")
        case .externalWorkTree:
            try await configure("core.worktree", fixture.scratch.path)
            try await configure("core.fsmonitor", fixture.trap)
        case .separateDirectory:
            let elsewhere = fixture.scratch.path + "/elsewhere"
            try await configure("core.fsmonitor", fixture.trap)
            try await fixture.git(["init", "-q", "--separate-git-dir", elsewhere])
        }
        // Same size, other content: git has to read the file.
        try fixture.write("y\n", to: "a")
    }

    @Test(arguments: Trap.allCases)
    func `nothing that a repository names is run`(trap: Trap) async throws {
        try await fixture.make()
        try await lay(trap)
        unlink(fixture.marker)
        let commit = try await fixture.git(["log", "-1", "--format=%H"])
        unlink(fixture.marker)
        #expect(await fixture.told() == commit + "+dirty")
        #expect(!exists(fixture.marker))
    }

    @Test func `the traps are real: git itself falls into them`() async throws {
        try await fixture.make()
        try await lay(.fileMonitor)
        unlink(fixture.marker)
        try await fixture.git(["status", "--porcelain"])
        #expect(exists(fixture.marker))
    }

    @Test func `a parent's repository is not obeyed either`() async throws {
        try await fixture.make()
        try await lay(.fileMonitor)
        unlink(fixture.marker)
        let told = await fixture.told(fixture.repository + "/module")
        #expect(told == (try await fixture.git(["log", "-1", "--format=%H"])))
        unlink(fixture.marker)
        try fixture.write("y\n", to: "module/b")
        #expect(await fixture.told(fixture.repository + "/module") == told.map { $0 + "+dirty" })
        #expect(!exists(fixture.marker))
    }

    @Test func `a submodule's own repository is read and not obeyed`() async throws {
        try await fixture.make()
        try await lay(.submodule)
        try fixture.write("x\n", to: "a")
        let commit = try await fixture.git(["log", "-1", "--format=%H"])
        #expect(await fixture.told() == commit)
        // Same size, other content, so that git reads it.
        try fixture.write("y\n", to: "sub/a")
        unlink(fixture.marker)
        #expect(await fixture.told() == commit + "+dirty")
        #expect(!exists(fixture.marker))
    }

    @Test func `what this computer's environment holds for git is kept from it`() async throws {
        try await fixture.make()
        let runner = RecordingRunner()
        let names = ["GIT_DIR", "GIT_INDEX_FILE", "GIT_CONFIG_PARAMETERS", "GIT_TRACE2_EVENT"]
        let environment = Dictionary(uniqueKeysWithValues: names.map { ($0, "/elsewhere") })
        let hash = try await fixture.hash()
        #expect(await fixture.told(environment: environment, runner: runner) == hash)
        let questions = runner.commands
        #expect(!questions.isEmpty)
        for command in questions {
            #expect(command.executable == "git")
            for name in names where name != "GIT_DIR" {
                #expect(command.environment[name] == .some(.none), "\(name): \(command)")
            }
            let own = try #require(command.environment["GIT_DIR"] ?? nil)
            #expect(!own.hasPrefix(fixture.scratch.path) && !exists(own))
        }
    }

    @Test(arguments: ["HEAD", "packed-refs", "index", "info/exclude", "config"])
    func `a file that is none does not keep the start waiting`(name: String) async throws {
        try await fixture.make()
        try await fixture.git(["pack-refs", "--all"])
        let path = fixture.repository + "/.git/" + name
        unlink(path)
        try makeDirectories(parentDirectory(path))
        mkfifo(path, 0o600)
        let told = await fixture.told()
        #expect(told == nil || told?.hasSuffix("+unknown") == true, "\(told ?? "")")
    }

    @Test(arguments: [
        "ref: ../../secret", "ref: refs/../../secret", "ref: HEAD", "ref: refs/heads/loop", "",
        "0123456789abcdef", String(repeating: "a", count: 1 << 20),
    ])
    func `a HEAD that names no commit is no commit`(text: String) async throws {
        try await fixture.make()
        let secret = String(repeating: "5", count: 40)
        try fixture.write(secret, to: "secret")
        try fixture.scratch.write(secret, to: "secret")
        try fixture.write("ref: refs/heads/loop", to: ".git/refs/heads/loop")
        try fixture.write(text, to: ".git/HEAD")
        #expect(await fixture.told() == nil)
    }

    @Test func `a dry run of hostile code runs nothing`() async throws {
        let laptop = try LauncherSandbox()
        try await fixture.make(at: laptop.code)
        try await fixture.git(["config", "core.fsmonitor", fixture.trap], in: laptop.code)
        #expect(await laptop.start(["--dry_run"]) == 0, "\(laptop.heard.errors)")
        #expect(!exists(fixture.marker))
        let hash = try await fixture.git(["log", "-1", "--format=%H"], in: laptop.code)
        #expect(laptop.heard.outputs.contains("\"git_commit\" : \"\(hash)"))
    }
}
