import Shared

/// `train init`: writes `train.json` and `.trainignore` beside the code, and checks them.
struct Init: Sendable {
    private struct Document: Encodable {
        /// Paths of the files.
        var written: [String]
        var values: [String: JSONValue]
        var leftOut: [String]
        /// What is started: a module's name, or a shell line.
        var module: String?
        var command: String?
        /// Flags that `train start` needs beside the file.
        var missing: [String]
    }

    let context: Context

    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "init", InitArguments.self,
            summary: "Writes train.json and .trainignore for your code, so that a start is short.",
            discussion: """
                Takes the flags of train start that may travel with code; on a terminal it asks for
                what it does not find. Starts nothing, and changes no file that is there.
                """,
            examples: [
                "train init --cloud local --dataset_bucket ../beer",
                "train init --command 'python train.py --out={output_directory}' --max_duration 8h",
            ]
        ) { parsed in
            try await Init(context: context).perform(parsed)
        }
    }

    private func perform(_ given: Parsed<InitArguments>) async throws -> Int32 {
        var parsed = given
        var start = try parsed.checked().start
        let code = try CodeTree(directory: start.codePath)
        let file = "\(code.directory)/\(ConfigurationFile.name)"
        guard !exists(file) else {
            throw Failure.usage(
                "\(quoted(file)) is there already",
                hint: "edit it: docs/configuration.md has its keys; or remove it first")
        }
        try await ask(&parsed, code)
        start = try parsed.checked().start
        let cloud = try CloudRegistry(context).cloud(
            start.address.cloud ?? CloudRegistry.defaultName)
        let entry = try start.training.entry(in: code.directory)
        let dataset =
            start.datasetBucket.isEmpty ? nil : try cloud.dataset(start.datasetBucket)
        try checkName(start, on: cloud)
        var values = try InitArguments.values(parsed)
        if let dataset, case .directory(let path) = dataset {
            try await dataset.check(access: StoreAccess(), runner: context.runner)
            // A path in the file counts from wherever a start is typed.
            values["dataset_bucket"] = .string(path)
        }
        let document = try write(values, code, entry, dataset, file, cloud)
        if parsed[\.json] {
            try context.console.printJSON(document)
        } else {
            try say(document, code)
        }
        return ExitCode.ok.rawValue
    }

    /// Asks for what neither the flags nor the code say, where somebody can answer.
    private func ask(_ parsed: inout Parsed<InitArguments>, _ code: CodeTree) async throws {
        let question = Question(context: context)
        guard question.isPossible, !parsed[\.json] else { return }
        func fill(_ name: String, _ text: String, _ suggestion: String?) async throws {
            guard !parsed.has(name) else { return }
            guard let answer = await question.ask(text, suggestion: suggestion) else { return }
            _ = try parsed.setDefault(name, to: [answer])
        }
        let start = parsed[\.start]
        if start.training.named == nil, let line = proposal(for: code) {
            try await fill("--command", "What trains? No module has a main(); a shell line", line)
        }
        let names = CloudRegistry.names.joined(separator: ", ")
        try await fill("--cloud", "Where does it train? \(names)", LocalCloud.name)
        let cloud = try CloudRegistry(context).cloud(
            parsed[\.start.address.cloud] ?? CloudRegistry.defaultName)
        if cloud.defaultProjectName == nil {
            try await fill("--project_name", "The project there", nil)
        }
        try await fill(
            "--dataset_bucket", cloud.isThisComputer ? "The dataset's directory" : "The dataset",
            nil)
    }

    /// The shell line for code that has no module to run; nil where it has one.
    private func proposal(for code: CodeTree) -> String? {
        (try? TrainingModule.find(in: code.directory)) == nil
            ? CommandProposal.line(for: code.directory) : nil
    }

    /// Refuses names that no run can have now, not at each start.
    private func checkName(_ start: StartArguments, on cloud: any Cloud) throws {
        var address = start.address
        address.fillNames(
            code: start.codePath, dataset: start.datasetBucket.isEmpty ? "d" : start.datasetBucket)
        address.projectName = address.projectName ?? "project"
        address.credentialsPath = "given at the start"
        _ = try address.newRun(on: cloud)
    }

    private func write(
        _ values: [String: JSONValue], _ code: CodeTree, _ entry: TrainingEntry,
        _ dataset: DatasetPlace?, _ file: String, _ cloud: any Cloud
    ) throws -> Document {
        var document = Document(
            written: [file], values: values, leftOut: [], module: entry.module,
            command: entry.command, missing: [])
        if dataset == nil { document.missing.append("--dataset_bucket") }
        if cloud.defaultProjectName == nil, values["project_name"] == nil {
            document.missing.append("--project_name")
        }
        let ignore = "\(code.directory)/\(IgnoreFiles.names[1])"
        if !exists(ignore) {
            var place: String?
            if case .directory(let path) = dataset { place = path }
            document.leftOut = IgnoreProposal.lines(for: code, dataset: place)
            let head = "# What of this directory no training needs, as in .gitignore.\n"
            let text = head + document.leftOut.map { $0 + "\n" }.joined()
            try AtomicFile.write(Data(text.utf8), to: ignore)
            document.written.append(ignore)
        }
        do {
            try AtomicFile.write(JSONFormat.encode(values) + Data("\n".utf8), to: file)
        } catch {
            // The next try would take it for the user's own.
            if document.written.contains(ignore) { unlink(ignore) }
            throw error
        }
        return document
    }

    private func say(_ document: Document, _ code: CodeTree) throws {
        for path in document.written { context.console.output("wrote \(path)\n") }
        if !document.leftOut.isEmpty {
            let shown = document.leftOut.joined(separator: ", ")
            context.console.output("  left out of the code: \(shown)\n")
        }
        let line = document.command ?? "python -m \(document.module ?? "")"
        context.console.output("  runs: \(line)\n")
        for remark in try Requirements(of: code.directory).remarks {
            context.console.error("note: \(remark)\n")
        }
        let missing = document.missing.map { " \($0) …" }.joined()
        let path = code.directory == StoreURL.absolutePath(".") ? "." : shellQuoted(code.directory)
        context.console.output(
            """
            next
              look:   train start --code_path \(path)\(missing) --dry_run
              start:  train start --code_path \(path)\(missing)

            """)
    }
}
