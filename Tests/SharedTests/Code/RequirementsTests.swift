import Shared
import TestSupport
import Testing

@Suite struct RequirementsTests {
    private let scratch: TestSupport.Scratch

    init() throws { scratch = try TestSupport.Scratch() }

    private func requirements(_ files: [String: String]) throws -> Requirements {
        for (path, text) in files { try scratch.write(text, to: path) }
        return try Requirements(of: scratch.path)
    }

    @Test(
        arguments: [
            ([:], .nothing), (["requirements.txt": ""], .file),
            (["requirements.txt": "", "uv.lock": "", "pyproject.toml": ""], .file),
            (["uv.lock": "", "pyproject.toml": "[project]\n"], .lock),
            (["uv.lock": ""], .nothing), (["pyproject.toml": "[tool.ruff]\n"], .nothing),
            (["pyproject.toml": "[project]\nname = 'x'\n"], .project(isPackage: false)),
            (
                ["pyproject.toml": "[build-system]\r\nx = 1\r\n[project] # of mine\r\n"],
                .project(isPackage: true)
            ),
        ] as [([String: String], Requirements.Source)])
    func `the file that counts is found`(
        files: [String: String], source: Requirements.Source
    ) throws {
        let found = try requirements(files)
        #expect(found.source == source)
        #expect(found.remarks == [])
    }

    @Test(arguments: [
        (["environment.yml": ""], "environment.yml is not installed"),
        (["environment.yaml": ""], "environment.yaml is not installed"),
        (["poetry.lock": "", "pyproject.toml": "[tool.poetry]\n"], "poetry export -f"),
        (["poetry.lock": "", "pyproject.toml": "[project]\n"], "the versions in poetry.lock"),
        (["Pipfile": ""], "pipenv requirements > requirements.txt"),
        (["Pipfile.lock": ""], "pipenv requirements > requirements.txt"),
        (["setup.py": ""], "setup.py is not installed"),
        (["Requirements.txt": ""], "'Requirements.txt' is not looked at"),
    ])
    func `what is not used is said with the way on`(files: [String: String], words: String) throws {
        let remarks = try requirements(files).remarks
        #expect(remarks.count == 1)
        #expect(remarks.first?.contains(words) == true, "\(remarks)")
    }

    @Test func `beside a list that is used nothing is said`() throws {
        #expect(
            try requirements(["requirements.txt": "", "environment.yml": "", "Pipfile": ""]).remarks
                == [])
    }

    @Test(arguments: ["requirements.txt", "install.sh"])
    func `a directory in the place of a file is a mistake`(name: String) throws {
        try makeDirectories(scratch.path + "/" + name)
        let failure = #expect(throws: Failure.self) { try Requirements(of: scratch.path) }
        #expect(failure?.exit == 2)
        #expect(failure?.summary.contains(name) == true)
    }

    @Test func `a project that cannot be read is refused, not left out`() throws {
        try makeDirectories(scratch.path + "/pyproject.toml")
        let failure = #expect(throws: Failure.self) { try requirements([:]) }
        #expect(failure?.exit == ExitCode.usage.rawValue)
        #expect(failure?.summary.contains("pyproject.toml") == true)
    }

    @Test func `a script with the line ends of Windows is refused`() {
        let failure = #expect(throws: Failure.self) {
            try requirements(["install.sh": "#!/bin/bash\r\nmkdir x\r\n"])
        }
        #expect(failure?.exit == 2)
        #expect(failure?.hint == "convert it: sed -i 's/\\r$//' install.sh")
    }

    @Test func `a package with too many files to compare has no digest, whatever it is`() throws {
        // The root has /proc and /sys, whose walk takes minutes.
        _ = try requirements(["requirements.txt": "/\n"])
        #expect(try lines() == nil)
    }

    @Test(arguments: ["./pipe", "/dev/zero", "-r pipe", "-e pipe"])
    func `what is no file is refused, not waited for`(line: String) throws {
        _ = try requirements(["requirements.txt": line + "\n"])
        try #require(mkfifo(scratch.path + "/pipe", 0o600) == 0)
        let failure = #expect(throws: Failure.self) { try lines() }
        #expect(failure?.summary.contains("is not a regular file") == true)
    }

    private func lines() throws -> [String]? {
        try RequirementsDigest.lines(of: Requirements(of: scratch.path))
    }

    @Test(arguments: [
        "base.txt", "deep/more.txt", "deep/again.txt", "limits.txt", "pkg/pyproject.toml",
        "plain/code.py", "requirements.txt",
    ])
    func `a change in anything that is included is seen`(name: String) throws {
        _ = try requirements([
            "requirements.txt": "\u{FEFF}-r base.txt # first\n--requirement=deep/more.txt\n"
                + "-climits.txt\n-e ./pkg[cuda]\n./plain\nnumpy\n-r missing.txt\n",
            "base.txt": "a\n-r requirements.txt\n", "deep/more.txt": "-r again.txt\n",
            "deep/again.txt": "b\n", "limits.txt": "c==1\n", "pkg/pyproject.toml": "",
            "pkg/code.py": "", "plain/setup.py": "", "plain/code.py": "",
        ])
        let before = try lines()
        #expect(try lines() == before)
        try scratch.write("changed", to: "pkg/code.py")
        #expect(try lines() == before, "an editable package follows its sources by itself")
        try scratch.write("changed in some way", to: name)
        #expect(try lines() != before)
    }
}
