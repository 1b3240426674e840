import Shared

/// Brings back what an earlier attempt saved, before anything can be uploaded over it.
struct Restore: PhaseWork {
    let phase = Phase.restore

    func perform(_ context: RunContext) async throws -> PhaseResult {
        // On a disk that was restored once, the files here are newer than the bucket's.
        if context.journal.completed.contains(.restore) {
            await context.engine.continueOnThisDisk()
            return .skipped
        }
        let count = try await context.retrying(phase) { try await context.engine.restore() }
        try context.record { $0.completed.append(.restore) }
        guard count > 0 else { return .skipped }
        context.board.event(.phaseEnded, phase: phase, "restored \(count) files from the bucket")
        return .succeeded
    }
}
