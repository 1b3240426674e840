import Shared

/// Where the processes of a training stand: the text of `logs/stall-N.txt`.
struct StallReport: Sendable {
    let context: RunContext
    /// Its programs are asked too, such as py-spy.
    var environment: String

    /// Of each tool; one that hangs must not keep the others from answering.
    private static let patience: Duration = .seconds(15)
    private static let mostProcesses = 64
    private static let kernelLines = 40

    init(_ context: RunContext) {
        self.context = context
        environment = context.environment.directory
    }

    /// - Parameter heading: the first lines.
    func text(_ heading: [String]) async -> String {
        let processes = Array(tree.prefix(Self.mostProcesses))
        let directory = context.job.work.observer
        let stacks = await PythonStacks(directory: directory, clock: context.host.clock).ask(
            processes.map(\.pid))
        var parts = heading + [""]
        for process in processes {
            parts.append("== process \(process.pid) \(oneLine(process.name))")
            if let stack = stacks[process.pid] {
                parts.append(stack)
            } else {
                parts.append(await withoutRegistration(process.pid))
            }
            parts.append("")
        }
        if processes.isEmpty { parts += ["no process of the training was found", ""] }
        if isInstalled("nvidia-smi") {
            parts += ["== nvidia-smi", await answer(of: Command("nvidia-smi", [])), ""]
        }
        let lines = await kernelLog.split(whereSeparator: \.isNewline).suffix(Self.kernelLines)
        parts += ["== the kernel's last lines (dmesg)", lines.joined(separator: "\n"), ""]
        let recordings = FlightRecorder.files(context.trainerEnvironment)
        if !recordings.isEmpty {
            parts += ["== NCCL flight recorder, on this machine"] + recordings + [""]
        }
        return harmless(parts.joined(separator: "\n"))
    }

    /// The trainer's whole tree; empty where nothing is known of it.
    private var tree: [ProcessTree.Member] {
        guard let keeper = KeeperRecord.read(context.job.work.trainer)?.keeper, keeper.isAlive
        else { return [] }
        return ProcessTree.descendants(of: keeper.pid).sorted { $0.pid < $1.pid }
    }

    /// py-spy's answer for a Python, else what the kernel says of the process.
    private func withoutRegistration(_ pid: Int32) async -> String {
        let own = environment + "/bin/py-spy"
        let spy = access(own, X_OK) == 0 ? own : "py-spy"
        if Self.isPython(pid), spy == own || isInstalled(spy) {
            let text = await answer(of: Command(spy, ["dump", "--pid", String(pid)]))
            if text.contains("Thread") { return text }
        }
        return Self.kernelView(of: pid)
    }

    private static func isPython(_ pid: Int32) -> Bool {
        guard let program = realPath("/proc/\(pid)/exe") else { return false }
        return fileName(of: program).hasPrefix("python")
    }

    /// State, waiting channel and kernel stack of its main thread: see proc(5).
    private static func kernelView(of pid: Int32) -> String {
        let wanted = ["State:", "Threads:", "VmRSS:", "SigBlk:", "SigCgt:"]
        let status = kernelText("/proc/\(pid)/status") ?? ""
        var lines = status.split(separator: "\n").filter { line in
            wanted.contains { line.hasPrefix($0) }
        }.map(String.init)
        if let channel = kernelText("/proc/\(pid)/wchan") { lines.append("wchan: \(channel)") }
        // For root alone.
        if let stack = kernelText("/proc/\(pid)/stack"), !stack.isEmpty { lines.append(stack) }
        return lines.isEmpty ? "it has ended meanwhile" : lines.joined(separator: "\n")
    }

    private func answer(of command: Command) async -> String {
        let host = context.host
        guard
            let result = try? await host.runner.run(
                command, timeout: Self.patience, clock: host.clock), !result.timedOut
        else { return "\(command.executable) does not answer" }
        return result.output.contains { !$0.isWhitespace } ? result.output : result.errorOutput
    }

    private var kernelLog: String {
        get async {
            do {
                return try await KernelLog.text(context.host.runner, clock: context.host.clock)
            } catch {
                let failure = error as? Failure
                return failure.map { $0.detail ?? $0.summary } ?? "\(error)"
            }
        }
    }
}
