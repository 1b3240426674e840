import Shared
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
        #expect(PythonSource.definesMain(text))
    }

    @Test(arguments: [
        "", "def main_loop():\n", "class A:\n    def main(self):\n", "# def main():\n",
        "main = 3\n", "'''\ndef main():\n'''\n", "x = (\ndef main():\n", "x = 1 \\\ndef main():\n",
        "def other(main):\n", "define main():\n", "\"\"\"never closed\ndef main():\n",
    ])
    func `what only looks like one is not`(text: String) {
        #expect(!PythonSource.definesMain(text))
    }
}
