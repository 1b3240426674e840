import Shared
import Synchronization

/// What the GPUs do, from one `nvidia-smi` that runs as long as the training and prints every ten
/// seconds: starting one each time costs a second of a core.
///
/// One that hangs, dies or is not there delays nothing: it is started again, with growing waits.
final class GPUStream: Sendable {
    private struct State {
        var gpus: [Int: MachineLoad.GPU] = [:]
        var lines = 0
        var assembler = LineAssembler(longest: 1000)
    }

    private let program: String
    private let host: Host
    private let state = Mutex(State())

    private static let fields =
        "index,utilization.gpu,memory.used,memory.total,temperature.gpu,power.draw"
    private static let look = Heartbeat.onMachine
    private static let longestPause: Duration = .seconds(600)
    /// Looks without a line, after which it hangs.
    private static let mostSilentLooks = 6
    /// Looks after which it is started anew: what it has printed is kept in memory until it ends.
    private static let mostLooks = 360

    /// - Parameter program: a name that is looked for in PATH, or a path.
    init(_ host: Host, program: String = "nvidia-smi") {
        self.host = host
        self.program = program
    }

    /// As of the last lines; empty where it does not answer.
    var gpus: [MachineLoad.GPU] {
        state.withLock { state in state.gpus.values.sorted { $0.index < $1.index } }
    }

    /// Returns when the task is cancelled; no process is left then.
    func run() async {
        var pause = Self.look
        while !Task.isCancelled {
            let count = state.withLock { $0.lines }
            if program.contains("/") || isInstalled(program) { await runOnce() }
            state.withLock { $0.gpus = [:] }
            let hasAnswered = state.withLock { $0.lines } > count
            pause = hasAnswered ? Self.look : min(Self.longestPause, pause * 2)
            // Cancelled at the end of the training.
            try? await host.clock.sleep(for: pause)
        }
    }

    private func runOnce() async {
        var command = Command(
            program,
            ["--query-gpu=" + Self.fields, "--format=csv,noheader,nounits", "-l", "10"])
        command.errorOutput = .discard
        state.withLock { $0.assembler = LineAssembler(longest: 1000) }
        guard let running = try? host.runner.start(command, onOutput: { self.take($0) }) else {
            return
        }
        let hasEnded = Latch()
        // In the kernel one can hang for ever, whatever signal it gets: nobody waits for it.
        Task {
            _ = await running.wait()
            hasEnded.set()
        }
        var (silent, looks, seen) = (0, 0, 0)
        while !Task.isCancelled, !hasEnded.isSet, silent < Self.mostSilentLooks,
            looks < Self.mostLooks
        {
            // Cancelled at the end of the training.
            try? await host.clock.sleep(for: Self.look)
            looks += 1
            let lines = state.withLock { $0.lines }
            silent = lines == seen ? silent + 1 : 0
            seen = lines
        }
        if !hasEnded.isSet { running.send(SIGKILL) }
    }

    private func take(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { buffer in
            state.withLock { state in
                var assembler = state.assembler
                assembler.read(buffer) { line in
                    guard let gpu = Self.gpu(in: line) else { return }
                    state.lines += 1
                    state.gpus[gpu.index] = gpu
                }
                state.assembler = assembler
            }
        }
    }

    /// Reads `0, 97, 40123, 81559, 71, 412.35`: percent, MiB, degrees Celsius, watts. What a GPU does
    /// not tell is `[N/A]`.
    static func gpu(in line: some Collection<UInt8>) -> MachineLoad.GPU? {
        let text = String(decoding: line, as: UTF8.self)
        let fields = text.split(separator: ",").map { $0.trimmed }
        guard fields.count == 6, let index = Int(fields[0]), (0..<64).contains(index) else {
            return nil
        }
        func number(_ text: String) -> Double? {
            Double(text).flatMap { (0..<1e9).contains($0) ? $0 : nil }
        }
        var gpu = MachineLoad.GPU(index: index)
        gpu.percent = number(fields[1])
        gpu.memoryUsed = number(fields[2]).map { Int64($0) << 20 }
        gpu.memoryTotal = number(fields[3]).map { Int64($0) << 20 }
        gpu.celsius = number(fields[4])
        gpu.watts = number(fields[5])
        return gpu
    }
}
