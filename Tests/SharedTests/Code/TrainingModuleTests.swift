import Shared
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
        "def main():\n    pass\n", "async def main() -> None:\n    pass\n",
        "import os\n\ndef main(argv=None):\n    pass\n", "def main ():\n  pass\n",
        "x = 1\r\ndef main():\r\n    pass\r\n",
    ])
    func `a package whose main.py has main is found`(text: String) throws {
        #expect(try found(["training_module/main.py": text]) == "training_module.main")
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

    @Test func `several are listed`() {
        let failure = #expect(throws: Failure.self) {
            try found(["a/main.py": "def main(): pass", "b/main.py": "def main(): pass"])
        }
        #expect(failure?.summary.contains("a.main, b.main") == true)
    }

    @Test(arguments: ["-c", "a b", "a.", "..", "os;x", "nothing", ""])
    func `a module that cannot be is refused`(module: String) {
        #expect(throws: Failure.self) { try TrainingModule.check(module, in: "/tmp") }
    }
}
