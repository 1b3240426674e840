import Shared

/// The work of one phase before the training.
protocol PhaseWork: Sendable {
    var phase: Phase { get }
    /// Does it; a second time, on the same disk, it changes nothing that is good already.
    ///
    /// - Returns: `.succeeded`, or `.skipped` where there was nothing to do.
    /// - Throws: `Failure`, or `CancellationError` when cancelled.
    func perform(_ context: RunContext) async throws -> PhaseResult
}

/// Every phase that `Run` may begin before the training.
enum SetupPhases {
    static let all: [Phase: any PhaseWork] = Dictionary(
        uniqueKeysWithValues: ([
            Prepare(), FetchCode(), FetchDataset(), InstallDependencies(), WaitForGPU(),
            RestoreOutput(),
        ] as [any PhaseWork]).map { ($0.phase, $0) })
}
