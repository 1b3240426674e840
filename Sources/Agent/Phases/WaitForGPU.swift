import Shared

/// Waits until every GPU that there is can be used; skipped on a machine without one.
///
/// Images install their driver at the first boot, minutes after ssh is up; a trainer started
/// before that falls back to the CPU without a word (compute-gpu-installation issue 10). Machines whose
/// GPUs are joined by NVSwitch list them long before they work: until the fabric manager is done every
/// call fails with error 802 (huggingface/transformers issue 4134).
struct WaitForGPU: PhaseWork {
    let phase = Phase.gpu

    func perform(_ context: RunContext) async throws -> PhaseResult {
        let driver = GPUDriver()
        guard driver.hasHardware || isInstalled("nvidia-smi") else { return .skipped }
        let wait = GPUWait(
            driver: driver, runner: context.host.runner, clock: context.host.clock,
            isRented: context.job.run.cloud != "local")
        switch try await wait.ready() {
        case .none: return .skipped
        case .ready(let names):
            context.board.event(.note, phase: phase, "GPU ready: \(names)")
        case .unproven(let names, let reason):
            context.board.warn("GPU listed, but not usable from here: \(names): \(reason)")
        }
        return .succeeded
    }
}

/// Asks again and again whether the GPUs work, until they do or there is no hope.
struct GPUWait: Sendable {
    enum Answer: Sendable, Equatable {
        /// A machine without GPU.
        case none
        case ready(String)
        /// They are listed, but a call of the driver's library failed.
        case unproven(String, reason: String)
    }

    var driver: GPUDriver
    let runner: any CommandRunner
    let clock: any Clock<Duration>
    /// A user's own computer may train on its processor, with a GPU that nobody can use.
    let isRented: Bool

    /// A driver is built in three to five minutes on a small machine.
    static let patience: Duration = .seconds(900)
    static let pause: Duration = .seconds(5)

    /// - Throws: `Failure` that says what is in the way.
    func ready() async throws -> Answer {
        var last = "nvidia-smi is not installed"
        var hopeless: (obstacle: GPUDriver.Obstacle, since: Int)?
        for attempt in 0..<Int(Self.patience.seconds / Self.pause.seconds) {
            try Task.checkCancellation()
            if let result = try? await runner.run(NvidiaSMI.command, timeout: .seconds(60)) {
                let gpus = NvidiaSMI.gpus(from: result.output)
                if result.succeeded, !gpus.isEmpty {
                    let names = gpus.map(\.name).joined(separator: ", ")
                    guard let refusal = await refusal() else { return .ready(names) }
                    guard isRented else { return .unproven(names, reason: refusal) }
                    last = refusal
                } else {
                    last = result.lastLines(2)
                    // A machine image with the tool but without a GPU is a CPU machine.
                    if !driver.hasHardware { return .none }
                }
            }
            if let obstacle = await driver.obstacle(runner, clock: clock) {
                let known = hopeless.flatMap { $0.obstacle == obstacle ? $0.since : nil }
                let since = known ?? attempt
                hopeless = (obstacle, since)
                guard Self.pause * (attempt - since) < obstacle.patience else {
                    throw Failure(obstacle.summary, detail: last, hint: obstacle.hint)
                }
            } else {
                hopeless = nil
            }
            try await clock.sleep(for: Self.pause)
        }
        throw Failure(
            "the GPU cannot be used after \(Int(Self.patience.seconds)) s", detail: last,
            hint: "choose an image that brings the driver, or install it in a machine image")
    }

    /// What the driver's library says where a GPU does not work; nil where all do.
    ///
    /// A new process each time: one that was refused stays refused.
    private func refusal() async -> String? {
        let command = Command("python3", ["-c", EnvironmentTools.tryGPUs])
        guard let result = try? await runner.run(command, timeout: .seconds(180)) else {
            // Without Python nothing can be asked, and nothing can be trained either.
            return nil
        }
        return result.succeeded ? nil : result.lastLines(2)
    }
}
