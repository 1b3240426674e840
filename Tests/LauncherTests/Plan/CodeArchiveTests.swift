import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite struct CodeArchiveTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test func `what no training needs stays behind and is said`() throws {
        for name in [
            "module/main.py", ".git/HEAD", "module/__pycache__/main.pyc", "stray.pyc",
            "node_modules/x/y", "my env/pyvenv.cfg", "my env/bin/python", "key.json", ".hidden",
        ] { try scratch.write("x", to: "code/" + name) }
        mkfifo(scratch.path + "/code/pipe", 0o600)
        let tree = try CodeTree(
            directory: scratch.path + "/code", secrets: [scratch.path + "/code/key.json"])
        #expect(tree.paths == [".hidden", "module/main.py"])
        #expect(tree.entries == [".hidden", "module", "module/main.py"])
        #expect(
            Set(tree.leftOut.map(\.path)) == [
                ".git", "module/__pycache__", "stray.pyc", "node_modules", "my env", "key.json",
                "pipe",
            ])
        #expect(tree.bytes == 2)
    }

    @Test func `links that lead out are told, those inside are not`() throws {
        try scratch.write("x", to: "code/data.txt")
        try scratch.write("x", to: "outside.txt")
        symlink("data.txt", scratch.path + "/code/inside")
        symlink("../outside.txt", scratch.path + "/code/outside")
        symlink("nowhere", scratch.path + "/code/broken")
        let tree = try CodeTree(directory: scratch.path + "/code")
        #expect(tree.danglingLinks == ["broken", "outside"])
    }

    @Test(.enabled(if: isInstalled("tar"), "tar is not installed"))
    func `the archive holds every file under its name, whatever that is`() async throws {
        let names = [
            "-rf", "--checkpoint=1", "a b", "ünï", "x\ny", "*", "dir/#%", "dir/deep/empty",
        ]
        for name in names { try scratch.write(name, to: "code/" + name) }
        try makeDirectories(scratch.path + "/code/hollow")
        let tree = try CodeTree(directory: scratch.path + "/code")
        let path = scratch.path + "/code.tar.gz"
        let archive = try await CodeArchive.make(of: tree, at: path, runner: PosixRunner())
        #expect(archive.sha256 == (try SHA256.hex(ofFile: path)))
        #expect(archive.bytes > 0)

        let copy = scratch.path + "/copy"
        try makeDirectories(copy)
        _ = try await PosixRunner().output(of: Command("tar", ["-xzf", path, "-C", copy]))
        for name in names { #expect(scratch.read("copy/" + name) == name) }
        #expect(isDirectory(copy + "/hollow"))
        #expect(try CodeTree(directory: copy).entries == tree.entries)
    }

    @Test(.enabled(if: isInstalled("tar"), "tar is not installed"))
    func `a file that vanished is tar's failure, and no half archive stays`() async throws {
        try scratch.write("x", to: "code/a")
        let tree = try CodeTree(directory: scratch.path + "/code")
        unlink(scratch.path + "/code/a")
        let path = scratch.path + "/code.tar.gz"
        let failure = await #expect(throws: Failure.self) {
            try await CodeArchive.make(of: tree, at: path, runner: PosixRunner())
        }
        #expect(failure?.detail?.isEmpty == false)
        #expect(!exists(path))
    }
}
