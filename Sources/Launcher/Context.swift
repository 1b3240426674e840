import Shared

/// Everything a command touches outside itself; a test gives its own.
struct Context: Sendable {
    var console = Console.standard
    var environment: [String: String]
    var runner: any CommandRunner = PosixRunner()
    /// Where progress is shown: stderr.
    var terminal: Terminal
    /// stdout is a terminal too, on which `train watch` can draw.
    var isOutputTerminal = false
    /// stdin is one too, on which somebody can answer.
    var isInputTerminal = false
    /// One line of what is typed, without its end; nil where nothing more comes.
    var readAnswer: @Sendable () -> String? = { readLine() }
    /// Columns and rows of the terminal now.
    var screenSize: @Sendable () -> (width: Int, height: Int) = { FullScreen.size(2) }
    var clock: any Clock<Duration> = ContinuousClock()
    var now: @Sendable () -> Date = { Date() }
    var random: @Sendable () -> UInt64 = { .random(in: .min ... .max) }
    /// Makes the disk keep what was written to a directory, or throws.
    var keep: @Sendable (String) async throws -> Void = { try await Disk.keep($0) }
    /// What tells a file from every other; no two names of some disks do.
    var fileIdentity: @Sendable (String) -> NameClash.Identity? = { NameClash.identity(at: $0) }
    /// Where this program lies: the agent is looked for beside it.
    var executableDirectory: String
    /// The signals that mean "enough": Ctrl-C, a closed terminal, kill.
    var interrupts: @Sendable () -> AsyncStream<Int32> = {
        SignalStream.make([SIGINT, SIGTERM, SIGHUP])
    }

    /// This process's own surroundings.
    static func real() -> Context {
        let environment = ProcessInfo.processInfo.environment
        return Context(
            environment: environment,
            terminal: Terminal.detect(descriptor: 2, environment: environment),
            isOutputTerminal: isatty(1) == 1, isInputTerminal: isatty(0) == 1,
            executableDirectory: parentDirectory(executablePath()))
    }

    var state: RunsDirectory { RunsDirectory(environment: environment) }

    /// Whether a command may draw on the whole terminal.
    var isFullScreenPossible: Bool { terminal.isInteractive && isOutputTerminal }

    /// Shows what goes on; one per command.
    func progress() -> LiveLine { LiveLine(terminal: terminal, write: console.draw) }

    /// Runs `body` in a task that the first interrupting signal cancels.
    ///
    /// - Throws: what `body` throws, or an `Interrupted` where a signal was the reason.
    func interruptible<Result: Sendable>(
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let caught = CaughtSignal()
        let task = Task { try await body() }
        let watcher = Task { [interrupts] in
            for await number in interrupts() {
                caught.set(number)
                task.cancel()
            }
        }
        defer { watcher.cancel() }
        do {
            return try await task.value
        } catch let left as LeftBehind {
            // Worse than any interruption.
            throw left.failure
        } catch {
            guard let number = caught.number else { throw error }
            throw Interrupted(signal: number)
        }
    }
}

/// Something is left that goes on costing money or needs a hand: said whatever else happened.
struct LeftBehind: Error {
    let failure: Failure
}

/// The user had enough; the exit code is the shell's for that signal.
struct Interrupted: Error {
    let signal: Int32
}

/// Where this executable lies, links resolved.
private func executablePath() -> String {
    #if os(Linux)
        let path = "/proc/self/exe"
    #else
        let name = ProcessInfo.processInfo.arguments.first ?? "train"
        let path = name.contains("/") ? name : findInPath(name)
    #endif
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
}

#if !os(Linux)
    private func findInPath(_ name: String) -> String {
        let directories = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return directories.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 } ?? name
    }
#endif
