import Shared

/// TensorBoard as a program: where it is installed, and how it is called.
struct TensorBoardProgram: Sendable, Equatable {
    /// The argv's beginning.
    let words: [String]

    /// Exits with 0 where TensorBoard can be imported; a mere folder of that name cannot.
    static let question = """
        import importlib.util, sys
        try:
            found = importlib.util.find_spec("tensorboard.main")
        except (ImportError, ValueError):
            found = None
        sys.exit(0 if found else 1)
        """

    init(python: String) { words = [python, "-m", "tensorboard.main"] }
    private init(words: [String]) { self.words = words }

    /// The first that is installed on this computer: for these interpreters, as a program, for python3.
    ///
    /// - Parameter interpreters: such as that of the run's own environment.
    /// - Throws: `Failure` if there is none.
    static func find(
        _ interpreters: [String], runner: any CommandRunner
    ) async throws -> TensorBoardProgram {
        for python in interpreters where exists(python) {
            if await isInstalled(for: python, runner) { return TensorBoardProgram(python: python) }
        }
        if Shared.isInstalled("tensorboard") { return TensorBoardProgram(words: ["tensorboard"]) }
        if await isInstalled(for: "python3", runner) {
            return TensorBoardProgram(python: "python3")
        }
        throw Failure.notInstalled(
            "TensorBoard", purpose: "neither for the run's Python nor on this computer",
            hint: "install it here: python3 -m pip install tensorboard; or name tensorboard in "
                + "requirements.txt")
    }

    private static func isInstalled(for python: String, _ runner: any CommandRunner) async -> Bool {
        let result = try? await runner.run(
            Command(python, ["-c", question]), timeout: .seconds(60))
        return result?.succeeded == true
    }

    /// The whole argv. It listens on the loopback alone.
    ///
    /// - Parameter directories: by the names under which their runs appear.
    func arguments(_ directories: [(name: String, path: String)], port: Int) -> [String] {
        // A comma or colon would end a path in this flag's own language.
        let isPlain = directories.allSatisfy { !$0.path.contains { ",:".contains($0) } }
        let place: [String]
        if directories.count > 1, isPlain {
            let list = directories.map { "\($0.name):\($0.path)" }.joined(separator: ",")
            place = ["--logdir_spec", list]
        } else {
            place = ["--logdir", directories.first?.path ?? "."]
        }
        return words + place + [
            "--host", "127.0.0.1", "--port", String(port), "--reload_multifile", "true",
        ]
    }
}
