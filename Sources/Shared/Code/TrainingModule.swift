/// Finds the module to run: the single package of the user's code with a `main.py` that has `main`.
///
/// The code is read as text and never executed: it may be anybody's.
package enum TrainingModule {
    /// Directories that hold no code of the user's own.
    private static let ignored: Set<String> = [
        "__pycache__", "node_modules", "venv", "env", "build", "dist", "site-packages",
    ]

    /// - Returns: such as `training_module.main`.
    /// - Throws: `Failure` listing what was found where it is not exactly one.
    package static func find(in code: String) throws -> String {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: code)) ?? []
        let packages = names.sorted().filter { name in
            isIdentifier(name) && !ignored.contains(name) && exists("\(code)/\(name)/main.py")
        }
        let modules = packages.filter { definesMain("\(code)/\($0)/main.py") }
        guard let module = modules.first else {
            let found = packages.map { "\($0)/main.py has no main()" }
            throw Failure.usage(
                "no module in \(quoted(code)) has a main.py that defines main()"
                    + (found.isEmpty ? "" : ": \(found.joined(separator: ", "))"),
                hint: "put one into a package, such as training_module/main.py, or give --module")
        }
        guard modules.count == 1 else {
            throw Failure.usage(
                "several modules in \(quoted(code)) define main(): "
                    + modules.map { "\($0).main" }.joined(separator: ", "),
                hint: "say which: --module \(module).main")
        }
        return "\(module).main"
    }

    /// Checks a module that the user named.
    ///
    /// - Throws: `Failure` with exit code 2 where it is no name, or is not in `code`.
    package static func check(_ module: String, in code: String) throws -> String {
        let parts = module.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.allSatisfy(isIdentifier) else {
            throw Failure.usage(
                "--module \(quoted(module)) is not a module name",
                hint: "such as training_module.main")
        }
        let path = code + "/" + parts.joined(separator: "/")
        guard exists(path + ".py") || exists(path + "/__main__.py") else {
            throw Failure.usage(
                "--module \(module): there is neither \(parts.joined(separator: "/")).py "
                    + "nor \(parts.joined(separator: "/"))/__main__.py in \(quoted(code))")
        }
        return module
    }

    /// A Python identifier; that a letter may be of any script is Python's own rule.
    package static func isIdentifier(_ name: String) -> Bool {
        guard let first = name.first, first == "_" || first.isLetter else { return false }
        return name.allSatisfy { $0 == "_" || $0.isLetter || $0.isNumber }
    }

    private static func definesMain(_ path: String) -> Bool {
        guard let data = try? readFile(path) else { return false }
        return PythonSource.definesMain(String(decoding: data, as: UTF8.self))
    }
}
