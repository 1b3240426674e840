import Shared

/// Runs Terraform in one run's folder.
///
/// Terraform gets a process group of its own, so that a Ctrl-C on the terminal does not reach it
/// directly: two interrupts make it give up at once, and it must get exactly the forwarded ones.
struct TerraformDriver: Sendable {
    let directory: String
    let runner: any CommandRunner
    let line: LiveLine
    /// The signals that ask for an end; see `Context.interrupts`.
    let interrupts: @Sendable () -> AsyncStream<Int32>
    /// Where the providers, hundreds of megabytes, are kept for the next run; nil if Terraform's own
    /// settings say so.
    let pluginCache: String?
    /// The only provider that may run.
    let provider: LockedProvider
    /// Whether the user has settings for Terraform, which then say where providers come from.
    let hasOwnSettings: Bool
    /// What the name of each resource in a shared state carries: the run's name, or its stores'.
    var names: [String] = []
    /// Makes Terraform, its providers and its backend use the user's key.
    var environment: [String: String?] = [:]
    /// For the waits for another Terraform.
    var clock: any Clock<Duration> = ContinuousClock()

    /// Older versions lack what the files use.
    static let oldestVersion = "1.5"

    /// The state in the folder, where it is in no bucket.
    var state: StateFile { StateFile(in: directory) }
    /// Whether the state is in a bucket, where several computers reach it.
    var isShared: Bool { Backend.exists(in: directory) }
    /// Whether anything may have been created from this folder.
    var hasState: Bool { state.exists || isShared }
    /// The lock of a state in a bucket may be another computer's, which needs its time.
    private var locking: [String] { isShared ? ["-lock-timeout=5m"] : [] }

    /// The state as Terraform reads it from its bucket.
    func pulledState() async throws -> TerraformState {
        let text = try await runner.output(of: command(["state", "pull", "-no-color"]))
        return try TerraformState(Data(text.utf8))
    }

    /// - Throws: `Failure` where a bucket's state names what is not the run's: it would be removed.
    private func checkNames() async throws {
        guard isShared, !names.isEmpty else { return }
        try await pulledState().check(carries: names)
    }

    /// Creates what the files describe; may be called again after any failure.
    ///
    /// - Throws: `TerraformError` with all that Terraform reported, `CancellationError` after an
    ///   interrupt.
    func apply() async throws {
        try await perform(["apply", "-input=false", "-auto-approve", "-json"] + locking)
    }

    /// Creates these resources and what they need, and no more; `apply` goes on from there.
    ///
    /// - Throws: as `apply()`.
    func apply(only addresses: [String]) async throws {
        try await perform(
            ["apply", "-input=false", "-auto-approve", "-json"]
                + addresses.map { "-target=\($0)" } + locking)
    }

    /// Removes all that the state knows; nothing if there is no state.
    ///
    /// - Parameter waiting: whether to wait for a Terraform of another computer. It may be creating
    ///   the machine, which would then be removed as soon as it exists.
    func destroy(waiting: Bool) async throws {
        guard hasState else { return }
        // Each time: the providers are links into a cache that may have been emptied since.
        try await initialise()
        try await saveState()
        try await checkNames()
        try await perform(
            ["destroy", "-input=false", "-auto-approve", "-json"] + (waiting ? locking : []))
    }

    /// Removes one resource and what depends on it.
    func destroy(only address: String) async throws {
        guard try await remaining().contains(where: { $0.hasPrefix(address) }) else { return }
        try await initialise()
        try await checkNames()
        try await perform(
            [
                "destroy", "-input=false", "-auto-approve", "-json", "-target=\(address)",
            ] + locking)
    }

    /// The plan in Terraform's words, and what the machine would get as user data.
    func plan() async throws -> (text: String, userData: String) {
        try await perform(["plan", "-input=false", "-json", "-out=plan.tfplan"])
        let text = try await runner.output(of: command(["show", "-no-color", "plan.tfplan"]))
        let json = try await runner.output(of: command(["show", "-json", "plan.tfplan"]))
        let shown = try JSONDecoder().decode(Shown.self, from: Data(json.utf8))
        guard case .string(let data)? = shown.planned_values.outputs["user_data"]?.value else {
            return (text, "")
        }
        return (text, data)
    }

    private struct Shown: Decodable {
        struct Values: Decodable { var outputs: [String: Output] }
        struct Output: Decodable { var value: JSONValue? }
        var planned_values: Values
    }

    /// The values of the outputs.
    func outputs() async throws -> Machine {
        let text = try await runner.output(of: command(["output", "-json", "-no-color"]))
        return try Machine(terraformOutput: Data(text.utf8))
    }

    /// The addresses of the resources in the state, without data sources.
    ///
    /// - Throws: `Failure` if the state cannot be read: that is not an empty state.
    func remaining() async throws -> [String] {
        guard hasState else { return [] }
        if exists(directory + "/" + Self.unsavedState) {
            try await initialise()
            try await saveState()
        }
        let look = command(["state", "list", "-no-color"])
        var result = try await runner.run(look)
        // The folder of a run that another computer started has not opened its bucket yet.
        if !result.succeeded, !Self.isWithoutState(result) {
            try await initialise()
            result = try await runner.run(look)
        }
        guard result.succeeded else {
            if Self.isWithoutState(result) { return [] }
            throw Failure("Terraform's state cannot be read", detail: result.lastLines(8))
        }
        return result.output.split(whereSeparator: \.isNewline).map(String.init)
            .filter { !$0.hasPrefix("data.") }
    }

    static let unsavedState = "errored.tfstate"

    /// Sends the state that an earlier Terraform could not save to its bucket; the state there is
    /// older, and knows less of what was created.
    private func saveState() async throws {
        let file = directory + "/" + Self.unsavedState
        guard exists(file) else { return }
        let result = try await runner.run(
            command(["state", "push", "-no-color"] + locking + [Self.unsavedState]))
        guard result.succeeded else {
            throw Failure(
                "the state that an earlier Terraform could not save cannot be saved now either",
                detail: result.lastLines(8),
                hint: "call this again once the state's bucket can be written; the state is "
                    + quoted(file))
        }
        unlink(file)
    }

    /// Terraform's words for a place where no state was ever written (its command/state_meta.go).
    private static func isWithoutState(_ result: CommandResult) -> Bool {
        result.errorOutput.contains("No state file was found")
    }

    private func perform(_ arguments: [String]) async throws {
        try Task.checkCancellation()
        try await state.waitUntilFree(line, clock: clock)
        let progress = TerraformProgress(line)
        // Not pipes: a launcher that is killed must not end Terraform half-way.
        let output = try FileTail(directory + "/terraform.jsonl")
        let errors = try FileTail(directory + "/terraform.err")
        var command = command(arguments)
        command.output = .append(path: output.path)
        command.errorOutput = .append(path: errors.path)
        let running = try runner.start(command)
        let wasInterrupted = Latch()
        let watcher = Task { [interrupts, line] in
            var count = 0
            for await _ in interrupts() {
                wasInterrupted.set()
                count += 1
                forward(interrupt: count, to: running, line)
            }
        }
        let ticker = Task {
            // Real time, since Terraform takes it.
            for await _ in Ticks.every(.milliseconds(250)) {
                progress.read(output.news())
                progress.tick()
            }
        }
        let result = await running.wait()
        ticker.cancel()
        watcher.cancel()
        _ = await ticker.result
        progress.read(output.news())
        line.clear()
        if wasInterrupted.isSet { throw CancellationError() }
        guard result.succeeded else {
            throw TerraformError(progress.errors, lastLines: Self.lastLines(of: errors, result))
        }
    }

    /// The last words of a Terraform that printed no event, such as one that crashed.
    private static func lastLines(of errors: FileTail, _ result: CommandResult) -> String {
        let said = String(decoding: errors.news(), as: UTF8.self)
        let lines = said.split(whereSeparator: \.isNewline).suffix(5)
        return lines.isEmpty ? "\(result.termination)" : lines.joined(separator: "\n")
    }

    /// The first interrupt lets Terraform end what it does and write its state, the second makes it
    /// stop at once (it still writes what it knows), the third kills it. Terraform itself tells its
    /// providers, which are in the same group.
    private func forward(interrupt count: Int, to running: any RunningCommand, _ line: LiveLine) {
        switch count {
        case 1:
            line.say("  interrupted: Terraform ends what it began; once more stops it at once")
            kill(running.pid, SIGINT)
        case 2:
            line.say("  interrupted again: Terraform stops at once; once more kills it")
            kill(running.pid, SIGINT)
        default:
            line.say("  interrupted a third time: Terraform is killed")
            running.send(SIGKILL)
        }
    }

    /// `terraform …` in this folder, with the provider and the key that are meant and no others.
    func command(_ arguments: [String]) -> Command {
        var command = Command("terraform", arguments)
        command.workingDirectory = directory
        command.environment = ["TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"]
        // Both would have another program in the provider's place.
        command.environment["TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE"] = .some(nil)
        command.environment["TF_REATTACH_PROVIDERS"] = .some(nil)
        if !hasOwnSettings {
            command.environment["TF_CLI_CONFIG_FILE"] =
                directory + "/" + LockedProvider.registrySettings
        }
        command.environment.merge(environment) { $1 }
        if let pluginCache { command.environment["TF_PLUGIN_CACHE_DIR"] = pluginCache }
        return command
    }
}
