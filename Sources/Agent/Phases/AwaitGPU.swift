import Shared

/// Waits until the driver answers for every GPU there is; skipped on a machine without one.
///
/// Images install their driver at the first boot, minutes after ssh is up; a trainer started
/// before that falls back to the CPU without a word (compute-gpu-installation issue 10).
struct AwaitGPU: PhaseWork {
    let phase = Phase.gpu

    /// A driver is built in three to five minutes on a small machine.
    static let patience: Duration = .seconds(900)
    private static let pause: Duration = .seconds(5)

    func perform(_ context: RunContext) async throws -> PhaseResult {
        let hasHardware = NvidiaSMI.hasHardware()
        guard hasHardware || isInstalled("nvidia-smi") else { return .skipped }
        let attempts = Int(Self.patience.seconds / Self.pause.seconds)
        var last = "nvidia-smi is not installed"
        for _ in 0..<attempts {
            try Task.checkCancellation()
            if let result = try? await context.host.runner.run(
                NvidiaSMI.command, timeout: .seconds(60))
            {
                let gpus = NvidiaSMI.gpus(from: result.output)
                if result.succeeded, !gpus.isEmpty {
                    let names = gpus.map(\.name).joined(separator: ", ")
                    context.board.event(.phaseStarted, phase: phase, "GPU ready: \(names)")
                    return .succeeded
                }
                last = result.lastLines(2)
                // A machine image with the tool but without a GPU is a CPU machine.
                if !hasHardware { return .skipped }
            }
            try await context.host.clock.sleep(for: Self.pause)
        }
        throw Failure(
            "the GPU's driver does not answer after \(Int(Self.patience.seconds)) s", detail: last,
            hint: "choose an image that brings the driver, or install it in a machine image")
    }
}
