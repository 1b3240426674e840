import Shared
import TestSupport
import Testing

@Suite struct PythonSourceTests {
    @Test(arguments: [
        "def main():\n    pass\n", "def main(argv=None) -> int:\n", "async def main():\n",
        "import x\r\ndef  main (\r\n    a,\r\n):\r\n", "def main[T](x: T):\n",
        "'''a text'''\ndef main():\n", "x = \"it's\"\ndef main():\n",
        "# it's ( open\ndef main():\n",
        "x = [\n    1,\n]\ndef main():\n", "s = 'a \\' b'\ndef main():\n",
        "r = \"\"\"one \\\"\"\" two\"\"\"\ndef main():\n", "if x:\n    pass\ndef main(): pass",
    ])
    func `a main at the top level is found`(text: String) {
        #expect(PythonSource.main(of: text) != .missing)
    }

    @Test(arguments: [
        "", "def main_loop():\n", "class A:\n    def main(self):\n", "# def main():\n",
        "main = 3\n", "'''\ndef main():\n'''\n", "x = (\ndef main():\n", "x = 1 \\\ndef main():\n",
        "def other(main):\n", "define main():\n", "\"\"\"never closed\ndef main():\n",
    ])
    func `what only looks like one is not`(text: String) {
        #expect(PythonSource.main(of: text) == .missing)
    }

    @Test(arguments: [
        "def main(): pass\nmain()\n",
        "def main():\n    pass\n\nif __name__ == '__main__':\n    main()",
        "def main():\n    pass\nif __name__ == \"__main__\": main()\n",
        "import sys\ndef main():\n    pass\nsys.exit(main())\n",
        "def main():\n    pass\ntry:\n    main()\nexcept KeyboardInterrupt:\n    pass\n",
        "def main():\n    pass\nraise SystemExit(\n    main(),\n)\n",
        "import fire\ndef main(x=1):\n    pass\nfire.Fire(main)\n",
        "import typer\napp = typer.Typer()\n@app.command()\ndef main():\n    pass\napp()\n",
        "def main():\n    pass\ndef cli():\n    main()\ncli()\n",
        "def main():\n    pass\ndef run():\n    main()\nif __name__ == '__main__':\n    run()\n",
        "import asyncio\nasync def main():\n    pass\nasyncio.run(main())\n",
        "import asyncio\nasync def main():\n    pass\nif __name__ == '__main__':\n    asyncio.run(main())\n",
        "import anyio\nasync def main():\n    pass\nanyio.run(main)\n",
        "import asyncio\nasync def main():\n    pass\ndef run():\n    asyncio.run(main())\n"
            + "if __name__ == '__main__':\n    run()\n",
        "import hydra\n@hydra.main()\ndef main(cfg):\n    pass\nif __name__ == '__main__':\n    main()\n",
        "with open('x') as f:\n    pass\ndef main():\n    pass\nwith open('x') as f:\n    main()\n",
        "def main(): pass\nx = 1; main()\n",
        "from trainer.train import main\n\nif __name__ == '__main__':\n    main()\n",
        "from trainer.train import (\n    other,\n    main,\n)\nmain()\n",
        "from trainer import main\nmain.main()\n",
    ])
    func `a main that is run is known`(text: String) {
        #expect(PythonSource.main(of: text) == .called)
    }

    @Test(arguments: [
        "def main():\n    print('hi')\n", "def main():\n    main()\n",
        "import logging\nlog = logging.getLogger(__name__)\ndef main():\n    pass\n",
        "import hydra\n@hydra.main()\ndef main(cfg):\n    pass\n",
        "def main():\n    pass\n# main()\n'''\nmain()\n'''\nprint(\"main()\")\n",
        "def main():\n    pass\ndef other():\n    if __name__ == '__main__':\n        main()\n",
        "def main():\n    pass\nclass A:\n    x = main()\n", "async def main():\n    pass\n",
        "from other import main\n", "def main():\n    pass\nrun.main()\n",
    ])
    func `a main that is only defined is known`(text: String) {
        #expect(PythonSource.main(of: text) == .neverCalled)
    }

    @Test(arguments: [
        "async def main():\n    pass\nmain()\n",
        "async def main():\n    pass\nif __name__ == '__main__':\n    main()\n",
        "async def main():\n    pass\nif __name__ == '__main__': main()\n",
    ])
    func `a coroutine that nobody awaits is known`(text: String) {
        #expect(PythonSource.main(of: text) == .neverAwaited)
    }

    /// What the verdict is worth: Python itself runs each of them, and shows whether main was.
    @Test(
        .enabled(if: isInstalled("python3"), "python3 is not installed"),
        arguments: [
            "def main(): print('ran')\nmain()\n", "def main(): print('ran')\n",
            "def main(): print('ran')\nif __name__ == '__main__':\n    main()\n",
            "def main(): print('ran')\ntry:\n    main()\nfinally:\n    pass\n",
            "async def main(): print('ran')\nif __name__ == '__main__':\n    main()\n",
            "async def main(): print('ran')\nimport asyncio\nasyncio.run(main())\n",
        ])
    func `Python agrees`(text: String) async throws {
        let result = try await PosixRunner().run(Command("python3", ["-c", text]))
        #expect(result.output.contains("ran") == (PythonSource.main(of: text) == .called))
    }

    @Test func `a source of a megabyte is read in no time`() {
        let text = String(repeating: "x1 = main_\n", count: 90_000) + "def main(): pass\nmain()\n"
        let clock = ContinuousClock()
        var verdict = PythonSource.Main.missing
        let elapsed = clock.measure { verdict = PythonSource.main(of: text) }
        #expect(verdict == .called)
        // Two seconds are the limit for any parser of ours; a debug build is ten times slower.
        #expect(elapsed < .seconds(20))
    }
}
