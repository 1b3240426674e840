/// Finds the module to run: the single package of the user's code with a `main.py` that has `main`.
///
/// The code is read as text and never executed: it may be anybody's.
package enum TrainingModule {
    /// Directories that hold no code of the user's own.
    private static let ignored: Set<String> = [
        "__pycache__", "node_modules", "venv", "env", "build", "dist", "site-packages",
    ]

    /// More than anybody writes by hand.
    private static let largestSource = 1 << 20
    private static let mostDirectories = 500

    /// - Returns: such as `training_module.main`.
    /// - Throws: `Failure` with exit code 2 listing what was found where it is not exactly one, or
    ///   where nothing would run it.
    package static func find(in code: String) throws -> String {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: code)) ?? []
        let packages = names.sorted().filter { name in
            isIdentifier(name) && !ignored.contains(name) && exists("\(code)/\(name)/main.py")
        }
        let modules = packages.filter { main(of: "\(code)/\($0)/main.py") != .missing }
        guard let module = modules.first else { throw nothing(in: code, names, packages) }
        guard modules.count == 1 else {
            throw Failure.usage(
                "several modules in \(quoted(code)) define main(): "
                    + modules.map { "\($0).main" }.joined(separator: ", "),
                hint: "say which: --module \(module).main")
        }
        try checkIsRun("\(module)/main.py", in: code)
        return "\(module).main"
    }

    /// Refuses a main that `python -m` only defines: the run would succeed without a training.
    private static func checkIsRun(_ file: String, in code: String) throws {
        let (what, call): (String, String)
        switch main(of: code + "/" + file) {
        case .missing, .called: return
        case .neverCalled: (what, call) = ("defines main() but never calls it", "main()")
        case .neverAwaited:
            (what, call) = (
                "calls main(), which is async, but never awaits it", "asyncio.run(main())"
            )
        }
        throw Failure(
            "\(quoted(file)) \(what), so it would train nothing",
            detail: """
                It has to end with these two lines:

                if __name__ == "__main__":
                    \(call)

                """, hint: "add them, and start again", exit: .usage)
    }

    /// Says what was looked at, and the ways on.
    private static func nothing(
        in code: String, _ names: [String], _ packages: [String]
    ) -> Failure {
        let dashed = names.filter { !isIdentifier($0) && exists("\(code)/\($0)/main.py") }
        let found =
            packages.map { "\($0)/main.py has no main()" }
            + dashed.map { "\(quoted($0)) is no name of a Python module" }
        let contract = "put one into a package, such as training_module/main.py"
        let deeper = nested(in: code).map { ", or take the one that is there: --module \($0)" }
        let hint: String
        if let line = CommandProposal.line(for: code) {
            hint =
                "run it as it is: --command \(shellQuoted(line)); or \(contract)"
                + (deeper ?? ", or give --module")
        } else {
            hint = contract + (deeper ?? ", or give --module")
        }
        return Failure.usage(
            "no module in \(quoted(code)) has a main.py that defines main()"
                + (found.isEmpty ? "" : ": \(found.joined(separator: ", "))"),
            hint: hint)
    }

    /// The first module further down that would do.
    private static func nested(in code: String) -> String? {
        var waiting: [[String]] = [[]]
        // Breadth first, and not through all of what may be a tree of data.
        for looked in 0..<mostDirectories where looked < waiting.count {
            let parts = waiting[looked]
            let directory = ([code] + parts).joined(separator: "/")
            if !parts.isEmpty, main(of: directory + "/main.py") == .called {
                return (parts + ["main"]).joined(separator: ".")
            }
            let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
            waiting += names.sorted().filter { name in
                isIdentifier(name) && !ignored.contains(name)
                    && isDirectory(directory + "/" + name)
            }.map { parts + [$0] }
        }
        return nil
    }

    /// Checks a module that the user named.
    ///
    /// - Throws: `Failure` with exit code 2 where it is no name, or is not in `code`.
    package static func check(_ module: String, in code: String) throws -> String {
        let parts = parts(of: module)
        guard isModuleName(module) else {
            throw Failure.usage(
                "--module \(quoted(module)) is not a module name",
                hint: "such as training_module.main")
        }
        let path = parts.joined(separator: "/")
        let candidates = [path + "/__main__.py", path + ".py"]
        guard let file = candidates.first(where: { exists(code + "/" + $0) }) else {
            throw Failure.usage(
                "--module \(module): there is neither \(path).py "
                    + "nor \(path)/__main__.py in \(quoted(code))")
        }
        try checkIsRun(file, in: code)
        return module
    }

    /// Identifiers with dots between them.
    package static func isModuleName(_ name: String) -> Bool {
        parts(of: name).allSatisfy(isIdentifier)
    }

    private static func parts(of module: String) -> [String] {
        module.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    }

    /// A Python identifier; that a letter may be of any script is Python's own rule.
    package static func isIdentifier(_ name: String) -> Bool {
        guard let first = name.first, first == "_" || first.isLetter else { return false }
        return name.allSatisfy { $0 == "_" || $0.isLetter || $0.isNumber }
    }

    private static func main(of path: String) -> PythonSource.Main {
        // What is not there, cannot be read or is no plain text file defines no main.
        guard let data = try? readRegularFile(path, limit: largestSource) else { return .missing }
        return PythonSource.main(of: String(decoding: data, as: UTF8.self))
    }
}
