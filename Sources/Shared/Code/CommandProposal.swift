/// Proposes a `--command` for a repository that is started by a script of its own.
///
/// The scripts are read as text, never run. A proposal is for a person to look at and to type.
package enum CommandProposal {
    /// Hand-written scripts are smaller.
    private static let largestScript = 1 << 20
    private static let usualNames = ["train.py", "main.py", "finetune.py", "pretrain.py", "run.py"]
    private static let usualBeginnings = ["main_", "train_", "pretrain_", "finetune_", "run_"]
    /// Where repositories keep such scripts, the most usual place first.
    private static let usualFolders = ["", "src", "scripts", "tools"]

    /// The line for the script that most probably trains; nil if no script looks like one.
    package static func line(for code: String) -> String? {
        let top = names(in: code)
        let others = top.filter {
            !usualFolders.contains($0) && TrainingModule.isIdentifier($0)
                && exists("\(code)/\($0)/train.py")
        }
        for folder in usualFolders + others {
            let ranked = names(in: folder.isEmpty ? code : "\(code)/\(folder)")
                .compactMap { name in rank(name).map { (name: name, rank: $0) } }
            guard let best = ranked.min(by: { ($0.rank, $0.name) < ($1.rank, $1.name) }) else {
                continue
            }
            let path = folder.isEmpty ? best.name : "\(folder)/\(best.name)"
            guard let data = try? readRegularFile("\(code)/\(path)", limit: largestScript) else {
                continue
            }
            let text = String(decoding: data, as: UTF8.self)
            return start(path, text, packages: top.filter { isPackage("\(code)/\($0)") })
                + ScriptFlags.words(for: text).map { " " + $0 }.joined()
        }
        return consoleScript(of: code).map { "\($0) …" }
    }

    private static func names(in directory: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
    }

    /// The smaller, the more probable; nil for what does not look like a training.
    private static func rank(_ name: String) -> Int? {
        // The name goes into a line for a shell, and its file may be anybody's.
        guard name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9_.-]*\.py/) != nil else { return nil }
        if let index = usualNames.firstIndex(of: name) { return index }
        let isUsual =
            usualBeginnings.contains { name.hasPrefix($0) } || name.hasSuffix("_train.py")
        return isUsual ? usualNames.count : nil
    }

    private static func isPackage(_ path: String) -> Bool {
        isDirectory(path) && names(in: path).contains { $0.hasSuffix(".py") }
    }

    /// `python PATH`, or `python -m` where a script in a folder imports packages that lie beside the
    /// folder: Python looks beside the script alone ("Modules", 6.1.2 of its tutorial).
    private static func start(_ path: String, _ text: String, packages: [String]) -> String {
        let reachesOut = packages.contains { name in
            TrainingModule.isIdentifier(name)
                && text.split(whereSeparator: \.isNewline).contains { line in
                    ["from \(name).", "from \(name) ", "import \(name)"]
                        .contains { line.hasPrefix($0) }
                }
        }
        let module = path.dropLast(3).split(separator: "/").map(String.init)
        guard module.count > 1, reachesOut, module.allSatisfy(TrainingModule.isIdentifier),
            !text.contains("sys.path"), !text.contains("rootutils")
        else { return "python \(path)" }
        return "python -m \(module.joined(separator: "."))"
    }

    /// The first name under `[project.scripts]`, of which pip makes a program.
    private static func consoleScript(of code: String) -> String? {
        guard let data = try? readRegularFile("\(code)/pyproject.toml", limit: largestScript) else {
            return nil
        }
        let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
        let table = lines.drop { $0 != "[project.scripts]" }.dropFirst().prefix { $0.first != "[" }
        return table.firstMatch { $0.prefixMatch(of: /([A-Za-z0-9_.-]+)\s*=/)?.output.1 }
    }
}

extension Sequence {
    fileprivate func firstMatch(_ body: (Element) -> Substring?) -> String? {
        for element in self {
            if let found = body(element) { return String(found) }
        }
        return nil
    }
}

/// Finds in a script's text the flags that take the output and the data.
enum ScriptFlags {
    private static let output = [
        "output_dir", "out_dir", "outdir", "output_directory", "output_path", "output", "out",
        "save_dir", "results_dir", "checkpoint_dir", "ckpt_dir", "checkpoint_path", "workdir",
        "work_dir", "logdir", "log_dir", "exp_dir", "save", "project",
    ]
    private static let data = [
        "data_dir", "data_path", "dataset_dir", "dataset_path", "train_data_dir", "data_root",
        "dataset_root", "data",
    ]

    /// Such as `--out_dir={output_directory}`; empty where the text names none.
    static func words(for text: String) -> [String] {
        // These two have their own words for the place of the output.
        if text.contains("@hydra.main") { return ["hydra.run.dir={output_directory}"] }
        if text.contains("LightningCLI(") {
            return ["fit", "--trainer.default_root_dir={output_directory}"]
        }
        let named = names(in: text)
        return [(output, "{output_directory}"), (data, "{dataset_directory}")].compactMap {
            candidates, value in
            candidates.lazy.compactMap { named[$0] }.first.map { "--\($0)=\(value)" }
        }
    }

    /// The flags as they are spelled, by their names with underscores.
    private static func names(in text: String) -> [String: String] {
        var names: [String: String] = [:]
        func add(_ name: Substring) {
            let key = name.replacing("-", with: "_").lowercased()
            names[key] = names[key] ?? String(name)
        }
        // argparse, click and typer; then absl.
        for match in text.matches(of: /["']--([A-Za-z][A-Za-z0-9_-]*)["']/) { add(match.1) }
        for match in text.matches(of: /DEFINE_[a-z_]+\(\s*["']([A-Za-z][A-Za-z0-9_]*)["']/) {
            add(match.1)
        }
        // Hugging Face's own class, which has it without a line here.
        if text.contains("HfArgumentParser") { names["output_dir"] = "output_dir" }
        // Variables or parameters are the flags: nanoGPT's configurator, and Google's fire.
        if text.contains("configurator.py") || text.contains("fire.Fire(") {
            let assignment = /(?m)^\s*([A-Za-z][A-Za-z0-9_]*)(?:\s*:\s*[A-Za-z0-9_.\[\]]+)?\s*=/
            for match in text.matches(of: assignment) { add(match.1) }
        }
        return names
    }
}
