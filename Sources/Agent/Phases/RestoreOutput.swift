import Shared

/// Brings back what an earlier attempt saved, before anything can be uploaded over it.
///
/// On a disk that still has it, the engine replaces nothing: what is here is as new or newer.
struct RestoreOutput: PhaseWork {
    let phase = Phase.restore

    func perform(_ context: RunContext) async throws -> PhaseResult {
        let count = try await context.engine.restore()
        try Task.checkCancellation()
        guard count > 0 else { return .skipped }
        context.board.event(.note, phase: phase, "restored \(count) files from the bucket")
        return .succeeded
    }
}
