import TestSupport

@testable import Shared

/// What is read of a folder of code, which may be anybody's, as data.
enum CodeParsers {
    static let all: [FuzzTarget] = [
        .ofText("code-folder", words: ["python", "text"]) { input in
            try inCode(input) { code in
                let requirements = try Requirements(of: code)
                let lines = try RequirementsDigest.lines(of: requirements)
                let texts = try RequirementsDigest.texts(of: requirements)
                // Paths in it are the caller's own.
                return requirements.remarks + ["\(lines?.count ?? -1) \(texts.count)"]
                    + [CommandProposal.line(for: code) ?? ""]
            }
        },
        .ofText("training-module", words: ["python"]) { input in
            try inCode(input) { code in
                let module = try TrainingModule.find(in: code)
                return [try TrainingModule.check(module, in: code)]
            }
        },
        .ofText("alert-rule") { input in
            let fresh = ["loss": FreshValues()]
            return [AlertRule(input)?.broken(by: fresh) ?? "", AlertRule(input)?.description ?? ""]
        },
    ]

    /// A folder in which each file that is read holds the input.
    private static func inCode(
        _ input: String, _ body: (String) throws -> [String]
    ) throws -> [String] {
        let code = try TemporaryDirectory(prefix: "train-fuzz")
        defer { code.remove() }
        for name in [
            "requirements.txt", "pyproject.toml", "setup.cfg", "uv.lock", "install.sh", "train.py",
            "training_module/main.py",
        ] {
            let path = "\(code.path)/\(name)"
            try makeDirectories(parentDirectory(path))
            try Data(input.utf8).write(to: URL(filePath: path))
        }
        return try body(code.path)
    }
}
