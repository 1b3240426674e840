import Shared
import TestSupport
import Testing

@testable import Launcher

/// What `.gitignore` and `.trainignore` leave out of the code.
@Suite(.timeLimit(.minutes(1))) struct IgnoreRuleTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private static let paths = [
        "a.log", "b/a.log", "b/c/a.log", "data/x.bin", "src/data/x.bin", "out/1/ckpt.pt",
        "out/keep.txt",
        "weights.bin", "Weights.bin", "x[1].txt", "x1.txt", "file-7.txt", "file-a.txt", "# note",
        "!bang", "trailing ", "a b", "deep/one/two/end.txt", "deep/end.txt", "foo/bar/baz",
        "été.txt",
        "star*name", "build/lib/x.so", "lib/build/x.py",
    ]

    private static let files: [String] = [
        "*.log\n", "/a.log\n", "data/\n", "/data/\n", "out/\n!out/keep.txt\n",
        "out/*\n!out/keep.txt\n",
        "*.bin\n!weights.bin\n", "x[1].txt\n", "x\\[1\\].txt\n", "file-[0-9].txt\n",
        "file-[!0-9].txt\n",
        "# note\n", "\\# note\n", "\\!bang\n", "trailing \n", "trailing\\ \n", "a b\r\n",
        "deep/**/end.txt\n",
        "**/end.txt\n", "foo/**\n", "foo/**/baz\n", "b/**\n", "?.log\n", "*\n!*.txt\n", "b\n",
        "b/c\n",
        "/b/c/\n", "été.*\n", "star\\*name\n", "*a*a*a*a*b\n", "[", "build\n", "/build\n",
        "lib/build/\n",
        "\n\n  \n/\n", "**\n", "deep/*/end.txt\n", "out/**/ckpt.pt\n", "[a-c].log\n", "[]x].txt\n",
    ]

    /// Git itself is the reference, asked about a tree without anything in it that it runs.
    @Test(.enabled(if: isInstalled("git"), "git is not installed"))
    func `every line means what it means to git`() async throws {
        for path in Self.paths { try scratch.write("x", to: "code/" + path) }
        let code = scratch.path + "/code"
        let runner = PosixRunner()
        _ = try await runner.output(of: Command("git", ["-C", code, "init", "-q"]))
        for text in Self.files {
            try scratch.write(text, to: "code/.gitignore")
            var check = Command(
                "git", ["-C", code, "ls-files", "-z", "--others", "--exclude-standard"])
            check.environment = [
                "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null",
            ]
            let listed = try await runner.output(of: check).split(separator: "\0").map(String.init)
            // Where nothing is left, there is no tree.
            let paths = (try? CodeTree(directory: code))?.paths ?? []
            #expect(
                Set(paths).subtracting([".gitignore"])
                    == Set(listed).subtracting([".gitignore"]), "\(text.debugDescription)")
        }
    }

    @Test func `the nearest file decides, and trainignore after gitignore`() throws {
        try scratch.write("*.pt\ndata\n", to: "code/.gitignore")
        try scratch.write("!data\nbig\n", to: "code/.trainignore")
        try scratch.write("!best.pt\n", to: "code/models/.gitignore")
        for path in ["a.pt", "models/a.pt", "models/best.pt", "data/x", "big/x", "main.py"] {
            try scratch.write("x", to: "code/" + path)
        }
        let tree = try CodeTree(directory: scratch.path + "/code")
        #expect(
            tree.paths == [
                ".gitignore", ".trainignore", "data/x", "main.py", "models/.gitignore",
                "models/best.pt",
            ])
        #expect(
            tree.leftOut == [
                .init(path: "a.pt", reason: .ignored(by: ".gitignore")),
                .init(path: "big", reason: .ignored(by: ".trainignore")),
                .init(path: "models/a.pt", reason: .ignored(by: ".gitignore")),
            ])
    }

    @Test func `code that is a part of a repository follows the files above it`() throws {
        try scratch.write("*.pt\n/project/code/data/\n", to: ".gitignore")
        try scratch.write("", to: ".git/HEAD")
        for path in ["a.pt", "data/x", "main.py"] {
            try scratch.write("x", to: "project/code/" + path)
        }
        #expect(try CodeTree(directory: scratch.path + "/project/code").paths == ["main.py"])
        // Without a repository around it, a file above means something else.
        try FileManager.default.removeItem(atPath: scratch.path + "/.git")
        #expect(try CodeTree(directory: scratch.path + "/project/code").paths.count == 3)
    }

    @Test func `a hostile pattern takes no time, and a pipe is no ignore file`() throws {
        let name = String(repeating: "a", count: 200)
        try scratch.write("x", to: "code/\(name)/\(name)/\(name)")
        let stars = String(repeating: "*a", count: 400) + "b\n"
        let deep = String(repeating: "**/*a/", count: 100) + "b\n"
        try scratch.write(String(repeating: stars + deep, count: 20), to: "code/.gitignore")
        #expect(mkfifo(scratch.path + "/code/.trainignore", 0o600) == 0)
        #expect(try CodeTree(directory: scratch.path + "/code").paths.count == 2)
    }
}
