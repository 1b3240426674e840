import Shared
import TestSupport
import Testing

@testable import Launcher

/// The commit that a run notes, and whether it is all: what git itself would say.
@Suite(.enabled(if: isInstalled("git"), "git is not installed"), .timeLimit(.minutes(1)))
struct GitCommitTests {
    private let fixture: GitFixture

    init() throws { fixture = try GitFixture() }

    @Test func `code in no repository has no commit, nor has an empty repository`() async throws {
        try makeDirectories(fixture.repository)
        #expect(await fixture.told() == nil)
        try await fixture.git(["init", "-q"])
        #expect(await fixture.told() == nil)
    }

    @Test func `a change is told where it lies`() async throws {
        try await fixture.make()
        let commit = try await fixture.hash()
        #expect(commit.count == 40)
        #expect(await fixture.told() == commit)
        #expect(await fixture.told(fixture.repository + "/module") == commit)
        try fixture.write("y\n", to: "a")
        #expect(await fixture.told() == commit + "+dirty")
        #expect(await fixture.told(fixture.repository + "/module") == commit)
        try await fixture.git(["checkout", "-q", "a"])
        #expect(await fixture.told() == commit)
        try fixture.write("new", to: "module/new")
        #expect(await fixture.told(fixture.repository + "/module") == commit + "+dirty")
        try await fixture.git(["add", "-A"])
        #expect(await fixture.told() == commit + "+dirty")
    }

    /// How a repository can keep its commits.
    enum Layout: String, CaseIterable, CustomTestStringConvertible {
        case packed, detached, branch, linkedTree, linkedPath, splitIndex, sha256, borrowed
        var testDescription: String { rawValue }
    }

    @Test(arguments: Layout.allCases)
    func `each layout of a repository is read`(layout: Layout) async throws {
        var place = fixture.repository
        if layout == .sha256 {
            try makeDirectories(place)
            try await fixture.git(["init", "-q", "--object-format=sha256"])
        }
        try await fixture.make()
        switch layout {
        case .packed:
            try await fixture.git(["gc", "-q"])
            #expect(!exists(fixture.repository + "/.git/refs/heads/main"))
        case .detached:
            try await fixture.commit()
            try await fixture.git(["checkout", "-q", "--detach", "HEAD^"])
        case .branch:
            try await fixture.git(["checkout", "-q", "-b", "deep/branch"])
            try await fixture.commit()
        case .linkedTree:
            place = fixture.scratch.path + "/tree"
            try await fixture.git(["worktree", "add", "-q", "-b", "other", place])
            try await fixture.commit(in: place)
        case .linkedPath:
            place = fixture.scratch.path + "/link"
            symlink(fixture.repository, place)
        case .splitIndex:
            try await fixture.git(["update-index", "--split-index"])
        case .sha256:
            break
        case .borrowed:
            place = fixture.scratch.path + "/clone"
            try await fixture.git(["clone", "-q", "--shared", fixture.repository, place])
        }
        let commit = try await fixture.hash(place)
        #expect(commit.count == (layout == .sha256 ? 64 : 40))
        #expect(await fixture.told(place) == commit)
        try AtomicFile.write(Data("y\n".utf8), to: place + "/a")
        #expect(await fixture.told(place) == commit + "+dirty")
    }

    @Test func `what the user ignores is no change`() async throws {
        try await fixture.make()
        let commit = try await fixture.hash()
        try fixture.write("by-repository\n", to: ".gitignore")
        try await fixture.git(["add", "-A"])
        try await fixture.commit()
        let next = try await fixture.hash()
        #expect(next != commit)
        try fixture.write("by-clone\n", to: ".git/info/exclude")
        try fixture.scratch.write("by-user\n", to: "home/ignored")
        try fixture.scratch.write("[core]\n\texcludesFile = ~/ignored\n", to: "home/.gitconfig")
        for name in ["by-repository", "by-clone"] { try fixture.write("x", to: name) }
        #expect(await fixture.told() == next)
        try fixture.write("x", to: "by-user")
        #expect(await fixture.told() == next + "+dirty")
        let home = HomeRunner(home: fixture.scratch.path + "/home")
        #expect(await fixture.told(runner: home) == next)
    }

    @Test func `a submodule that was never fetched or has not changed is no change`() async throws {
        let inner = fixture.scratch.path + "/inner"
        try await fixture.make(at: inner)
        try await fixture.make()
        try await fixture.git(["submodule", "--quiet", "add", inner, "sub"])
        try await fixture.commit()
        let commit = try await fixture.hash()
        #expect(await fixture.told() == commit)
        let clone = fixture.scratch.path + "/clone"
        try await fixture.git(["clone", "-q", fixture.repository, clone])
        #expect(await fixture.told(clone) == commit)
        try await fixture.commit(in: fixture.repository + "/sub")
        #expect(await fixture.told() == commit + "+dirty")
        #expect(
            await fixture.told(fixture.repository + "/sub")
                == (try await fixture.hash(fixture.repository + "/sub")))
    }

    @Test func `without git the commit is told, and that it may not be all`() async throws {
        try await fixture.make()
        let commit = try await fixture.hash()
        let runner = ScriptedRunner { _ in throw Failure("git is not installed") }
        #expect(await fixture.told(runner: runner) == commit + "+unknown")
    }

    /// Gives commands that read the user's settings another home.
    private struct HomeRunner: CommandRunner {
        let home: String

        func start(
            _ command: Command, onOutput: (@Sendable (ArraySlice<UInt8>) -> Void)?
        ) throws -> any RunningCommand {
            var command = command
            if command.environment["HOME"] == nil {
                command.environment["HOME"] = .some(home)
                command.environment["XDG_CONFIG_HOME"] = .some(nil)
            }
            return try PosixRunner().start(command, onOutput: onOutput)
        }
    }
}
