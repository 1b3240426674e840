import Testing

@testable import Agent

@Suite struct PythonErrorTests {
    static let plain = """
        epoch 1
        Traceback (most recent call last):
          File "/c/training_module/main.py", line 3, in <module>
            main()
            ~~~~^^
        RuntimeError: CUDA out of memory. Tried to allocate 2 GiB
        """

    static let chained = """
        Traceback (most recent call last):
          File "a.py", line 2, in <module>
        KeyError: 'x'

        During handling of the above exception, another exception occurred:

        Traceback (most recent call last):
          File "a.py", line 4, in <module>
        ValueError: no such beer
        """

    static let syntax = """
          File "/c/training_module/main.py", line 1
            def main(
                    ^
        SyntaxError: '(' was never closed
        """

    static let group = """
          + Exception Group Traceback (most recent call last):
          |   File "a.py", line 1, in <module>
          | ExceptionGroup: two (1 sub-exception)
        """

    static let torchrun = """
        [rank1]: Traceback (most recent call last):
        [rank1]:   File "a.py", line 1, in <module>
        [rank1]: torch.OutOfMemoryError: CUDA out of memory.
        W1126 torch/distributed/elastic: Sending process 7 closing signal SIGTERM
        """

    @Test(arguments: [
        (plain, "RuntimeError: CUDA out of memory. Tried to allocate 2 GiB"),
        (chained, "ValueError: no such beer"), (syntax, "SyntaxError: '(' was never closed"),
        (group, "ExceptionGroup: two (1 sub-exception)"),
        (torchrun, "torch.OutOfMemoryError: CUDA out of memory."),
        (
            "Traceback (most recent call last):\n  File \"a\"\nKeyboardInterrupt",
            "KeyboardInterrupt"
        ),
        ("boom", nil), ("", nil), ("Traceback (most recent call last):", nil),
        ("Traceback (most recent call last):\n  File \"a\", line 1, cut off", nil),
        (plain + String(repeating: "\nstep", count: 60), nil),
    ])
    func `the exception that ended the program is found`(log: String, line: String?) {
        let lines = log.split(separator: "\n").map(String.init)
        #expect(PythonError.line(in: lines) == line)
    }

    @Test(arguments: [
        (plain, "File \"/c/training_module/main.py\", line 3, in <module>"),
        (chained, "File \"a.py\", line 4, in <module>"),
        (syntax, "File \"/c/training_module/main.py\", line 1"),
        (group, "File \"a.py\", line 1, in <module>"),
        (torchrun, "File \"a.py\", line 1, in <module>"),
        ("Traceback (most recent call last):\nKeyboardInterrupt", nil),
    ])
    func `the place where it was raised is found`(log: String, frame: String?) {
        let lines = log.split(separator: "\n").map(String.init)
        #expect(PythonError.found(in: lines)?.frame == frame)
    }

    @Test(arguments: [
        ("torch.AcceleratorError: CUDA error: uncorrectable ECC error encountered", true, false),
        ("RuntimeError: CUDA error: an illegal memory access was encountered", false, false),
        ("RuntimeError: Vulkan: device lost", true, false),
        ("RuntimeError: CUDA out of memory", false, false),
        ("requests.exceptions.ConnectionError: HTTPSConnectionPool(…)", false, true),
        ("TimeoutError", false, true), ("socket.gaierror: [Errno -3] Try again", false, true),
        ("ValueError: no timeout given", false, false),
    ])
    func `machine and network are told from the program`(
        exception: String, isOfHardware: Bool, isOfNetwork: Bool
    ) {
        let error = PythonError.Found(exception: exception)
        #expect(error.isOfHardware == isOfHardware)
        #expect(error.isOfNetwork == isOfNetwork)
    }

    @Test func `a user is told what to do where that is known`() {
        func hint(_ exception: String, _ texts: [String] = []) -> String? {
            PythonError.hint(
                for: exception, asked: .init(title: "requirements.txt", texts: texts))
        }
        let missing = "ModuleNotFoundError: No module named 'numpy.linalg'"
        #expect(
            hint(missing, ["torch\n"])
                == "numpy is in no requirements.txt; add the package that has it there")
        #expect(
            hint(missing, ["torch\n", "NumPy>=2\n"])?.contains("but was not installed") == true)
        #expect(hint("RuntimeError: CUDA out of memory")?.contains("batch") == true)
        #expect(hint("ValueError: no such beer") == nil)
    }
}
