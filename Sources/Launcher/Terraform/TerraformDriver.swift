import Shared

/// Runs Terraform in one run's folder.
///
/// Terraform gets a process group of its own, so that a Ctrl-C on the terminal does not reach it
/// behind our back: two interrupts make it give up at once, and it must get exactly the ones that
/// are forwarded here.
struct TerraformDriver: Sendable {
    let directory: String
    let runner: any CommandRunner
    let line: LiveLine
    /// The signals that mean "enough"; see `Context.interrupts`.
    let interrupts: @Sendable () -> AsyncStream<Int32>
    /// Where the providers, hundreds of megabytes, are kept for the next run; nil: Terraform's own
    /// settings say.
    let pluginCache: String?
    /// For Terraform, its providers and its backend: what makes them use the user's key.
    var environment: [String: String?] = [:]

    /// Older ones lack what the files use.
    static let oldestVersion = "1.5"

    private var state: StateFile { StateFile(in: directory) }
    /// Whether the state is in a bucket, where several computers reach it.
    private var isShared: Bool { Backend.isThere(in: directory) }
    /// Whether anything may have been made from this folder.
    var hasState: Bool { state.exists || isShared }
    /// The lock of a state in a bucket may be another computer's, which needs its time.
    private var locking: [String] { isShared ? ["-lock-timeout=5m"] : [] }

    /// Fetches the providers, and opens the state where it is in a bucket; cheap where both are done.
    func initialise() async throws {
        let lock = try await lockedCache()
        defer { if let lock { close(lock) } }
        // The backend's settings name the user's key: another key must not look like a move.
        let options = isShared ? ["-reconfigure"] : []
        let result = try await runner.run(
            command(["init", "-input=false", "-no-color"] + options))
        guard result.succeeded else {
            let words = result.lastLines(8)
            // Only a state in a bucket is looked for here, and so only its bucket can refuse.
            let trouble = TerraformTrouble(of: words)
            guard trouble == .other else { throw trouble.failure(words: words, address: nil) }
            throw Failure(
                "Terraform could not fetch its providers", detail: words,
                hint: "they come from registry.terraform.io: is the network there?")
        }
    }

    /// Makes what the files say; may be called again after any failure.
    ///
    /// - Throws: `Refusal` with everything that Terraform complained of, `CancellationError` after
    ///   an interrupt.
    func apply() async throws {
        try await perform(["apply", "-input=false", "-auto-approve", "-json"] + locking)
    }

    /// Removes all that the state knows; nothing where there is no state.
    ///
    /// - Parameter waiting: whether a Terraform of another computer is waited for. What it is at may
    ///   be the making of the machine, which then would be removed as soon as it is there.
    func destroy(waiting: Bool) async throws {
        guard hasState else { return }
        // Each time: the providers are links into a cache that may have been emptied since.
        try await initialise()
        try await saveState()
        try await perform(
            ["destroy", "-input=false", "-auto-approve", "-json"] + (waiting ? locking : []))
    }

    /// Removes one resource and what stands on it.
    func destroy(only address: String) async throws {
        guard try await remaining().contains(where: { $0.hasPrefix(address) }) else { return }
        try await initialise()
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
    func made() async throws -> MadeMachine {
        let text = try await runner.output(of: command(["output", "-json", "-no-color"]))
        return try MadeMachine(terraformOutput: Data(text.utf8))
    }

    /// The addresses of what the state holds; data sources do not count.
    ///
    /// - Throws: `Failure` where the state cannot be read: that is not "nothing".
    func remaining() async throws -> [String] {
        guard hasState else { return [] }
        if exists(directory + "/" + Self.unsavedState) {
            try await initialise()
            try await saveState()
        }
        let look = command(["state", "list", "-no-color"])
        var result = try await runner.run(look)
        // A folder that was made for a colleague's run has not opened its bucket yet.
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

    /// Sends to its bucket the state that an earlier Terraform could not; what is there instead is
    /// older, and knows less of what was made.
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

    /// Where Terraform refused: each diagnostic, the first of them in a person's words.
    struct Refusal: Error {
        let trouble: TerraformTrouble
        let failure: Failure

        init(_ errors: [TerraformEvent.Diagnostic], lastLines: String) {
            // Many errors have one cause; the first that is known by its words says it best. What
            // waiting mends says it least.
            let lasting = errors.filter { TerraformTrouble(of: $0.text) != .noRoleForStore }
            let known =
                lasting.first { TerraformTrouble(of: $0.text) != .other } ?? lasting.first
                ?? errors.first
            guard let known else {
                trouble = .other
                failure = Failure("Terraform failed", detail: harmless(lastLines))
                return
            }
            trouble = TerraformTrouble(of: known.text)
            failure = trouble.failure(words: known.text, address: known.address)
        }
    }

    private func perform(_ arguments: [String]) async throws {
        try Task.checkCancellation()
        try await state.waitUntilFree(line)
        let progress = TerraformProgress(line)
        // Not pipes: a launcher that is killed must not take Terraform with it half-way.
        let output = try GrowingFile(directory + "/terraform.jsonl")
        let errors = try GrowingFile(directory + "/terraform.err")
        var command = command(arguments)
        command.output = .append(path: output.path)
        command.errorOutput = .append(path: errors.path)
        let running = try runner.start(command)
        let wasInterrupted = OneWayFlag()
        let watcher = Task { [interrupts, line] in
            var count = 0
            for await _ in interrupts() {
                wasInterrupted.set()
                count += 1
                forward(interrupt: count, to: running, line)
            }
        }
        let ticker = Task {
            while !Task.isCancelled {
                progress.read(output.news())
                progress.tick()
                try await Task.sleep(for: .milliseconds(250))
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
            throw Refusal(progress.errors, lastLines: Self.lastLines(of: errors, result))
        }
    }

    /// What a Terraform said that printed no event, such as one that crashed.
    private static func lastLines(of errors: GrowingFile, _ result: CommandResult) -> String {
        let said = String(decoding: errors.news(), as: UTF8.self)
        let lines = said.split(whereSeparator: \.isNewline).suffix(5)
        return lines.isEmpty ? "\(result.termination)" : lines.joined(separator: "\n")
    }

    /// The first lets Terraform end what it does and write its state, the second makes it stop at
    /// once (it still writes what it knows), the third kills it. Its providers, in the same group,
    /// are told by Terraform itself.
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

    private func command(_ arguments: [String]) -> Command {
        var command = Command("terraform", arguments)
        command.workingDirectory = directory
        command.environment = ["TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"]
        command.environment.merge(environment) { $1 }
        if let pluginCache {
            command.environment["TF_PLUGIN_CACHE_DIR"] = pluginCache
            // Without a lock file Terraform would fetch anew what the cache holds.
            command.environment["TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE"] = "1"
        }
        return command
    }

    /// Terraform's cache is not made for two at once, so a second start waits for the first.
    private func lockedCache() async throws -> Int32? {
        guard let pluginCache else { return nil }
        try makeDirectories(pluginCache, mode: 0o700)
        let descriptor = open(pluginCache, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemFailure("cannot open \(quoted(pluginCache))") }
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            do {
                try await Task.sleep(for: .milliseconds(200))
            } catch {
                close(descriptor)
                throw error
            }
        }
        return descriptor
    }
}
