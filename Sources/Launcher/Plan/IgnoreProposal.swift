import Shared

/// Finds what of a code directory no training needs: the lines of a `.trainignore`.
enum IgnoreProposal {
    /// What programs call the folders that they write results into.
    private static let resultNames: Set<String> = [
        "checkpoints", "ckpt", "lightning_logs", "logs", "mlruns", "multirun", "output", "outputs",
        "results", "runs", "tb_logs", "wandb",
    ]

    /// Patterns, each for one path from the code's directory on.
    ///
    /// - Parameter dataset: the directory of the dataset, where it is one of this computer.
    static func lines(for code: CodeTree, dataset: String?) -> [String] {
        var paths: [String] = []
        let real = realPath(code.directory)
        if let dataset = dataset.flatMap(realPath), let real, dataset.hasPrefix(real + "/") {
            paths.append(String(dataset.dropFirst(real.count + 1)) + "/")
        }
        for entry in code.entries where resultNames.contains(entry) {
            guard isDirectory("\(code.directory)/\(entry)"), !holdsCode(entry, code) else {
                continue
            }
            paths.append(entry + "/")
        }
        paths += code.secretLooking
        var seen: Set<String> = []
        return paths.filter { seen.insert($0).inserted }.map { "/" + escaped($0) }
    }

    private static func holdsCode(_ directory: String, _ code: CodeTree) -> Bool {
        code.paths.contains { $0.hasPrefix(directory + "/") && $0.hasSuffix(".py") }
    }

    /// With a backslash before what a pattern gives a meaning to (gitignore(5), "PATTERN FORMAT").
    private static func escaped(_ path: String) -> String {
        String(path.flatMap { "\\*?[ ".contains($0) ? ["\\", $0] : [$0] })
    }
}
