import Shared
import TestSupport
import Testing

@Suite struct TrainingModuleTests {
    private func found(_ files: [String: String]) throws -> String {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        for (path, text) in files {
            let full = directory.path + "/" + path
            try makeDirectories(parentDirectory(full))
            try AtomicFile.write(Data(text.utf8), to: full)
        }
        return try TrainingModule.find(in: directory.path)
    }

    @Test(arguments: [
        "def main():\n    pass\n",
        "async def main() -> None:\n    pass\nimport asyncio\nasyncio.run(main())\n",
        "import os\n\ndef main(argv=None):\n    pass\n", "def main ():\n  pass\n",
        "x = 1\r\ndef main():\r\n    pass\r\n",
    ])
    func `a package whose main.py has main is found`(text: String) throws {
        let source = text.contains("asyncio") ? text : text + "main()\n"
        #expect(try found(["training_module/main.py": source]) == "training_module.main")
    }

    @Test(
        arguments: [
            [:], ["main.py": "def main(): pass"],
            ["m/main.py": "class X:\n    def main(self): pass"],
            ["m/main.py": "# def main():"], ["m/main.py": "def mainly(): pass"],
            ["bad-name/main.py": "def main(): pass"], ["venv/main.py": "def main(): pass"],
            ["m/other.py": "def main(): pass"],
        ] as [[String: String]])
    func `none is an error that says where to put it`(files: [String: String]) {
        let failure = #expect(throws: Failure.self) { try found(files) }
        #expect(failure?.hint?.contains("training_module/main.py") == true)
        #expect(failure?.exit == ExitCode.usage.rawValue)
    }

    @Test func `what lies deeper, or has a dash, is named with the way on`() {
        let main = "def main(): pass\nmain()\n"
        let deeper = #expect(throws: Failure.self) { try found(["src/pkg/core/main.py": main]) }
        #expect(deeper?.hint?.contains("--module src.pkg.core.main") == true)
        let dashed = #expect(throws: Failure.self) { try found(["my-model/main.py": main]) }
        #expect(dashed?.summary.contains("'my-model' is no name of a Python module") == true)
        let script = #expect(throws: Failure.self) { try found(["train.py": ""]) }
        #expect(script?.hint?.contains("--module") == true)
    }

    @Test func `several are listed`() {
        let failure = #expect(throws: Failure.self) {
            try found(["a/main.py": "def main(): pass\nmain()", "b/main.py": "def main(): pass"])
        }
        #expect(failure?.summary.contains("a.main, b.main") == true)
    }

    @Test(arguments: [
        ("def main():\n    pass\n", "defines main() but never calls it", "    main()\n"),
        (
            "async def main():\n    pass\nmain()\n",
            "calls main(), which is async, but never awaits it",
            "    asyncio.run(main())\n"
        ),
    ])
    func `a main that would not run is refused with the two lines to add`(
        text: String, words: String, line: String
    ) throws {
        let failure = #expect(throws: Failure.self) {
            try found(["training_module/main.py": text])
        }
        #expect(failure?.exit == 2)
        #expect(failure?.summary == "'training_module/main.py' \(words), so it would train nothing")
        #expect(failure?.detail?.contains("\nif __name__ == \"__main__\":\n\(line)") == true)
        let scratch = try TestSupport.Scratch()
        try scratch.write(text, to: "a/b.py")
        #expect(throws: Failure.self) { try TrainingModule.check("a.b", in: scratch.path) }
        // What has no main of its own runs from its first line on.
        try scratch.write("print(1)\n", to: "a/b.py")
        #expect(try TrainingModule.check("a.b", in: scratch.path) == "a.b")
    }

    @Test(arguments: ["-c", "a b", "a.", "..", "os;x", "nothing", ""])
    func `a module that cannot be is refused`(module: String) {
        #expect(throws: Failure.self) { try TrainingModule.check(module, in: "/tmp") }
    }
}
