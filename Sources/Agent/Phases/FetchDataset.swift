import Shared

/// Brings the dataset: a directory is read in place, a bucket is downloaded.
struct FetchDataset: PhaseWork {
    let phase = Phase.dataset

    func perform(_ context: RunContext) async throws -> PhaseResult {
        let job = context.job
        let directory = job.directories.dataset
        guard job.dataset != directory else {
            guard isDirectory(directory) else {
                throw Failure("the dataset directory \(quoted(directory)) is not there")
            }
            try await offTaskThreads(untilCancelled: { _ in try ReadableTree.check(directory) })
            try refuseEmpty(directory, source: directory)
            return .succeeded
        }
        let client = try context.client(for: job.dataset)
        // The store's tool goes on where an earlier attempt ended, so a retry is not a new start.
        var leftOut: [String] = []
        try await context.retrying(phase) {
            try await client.download(tree: "", to: directory) { leftOut = $0 }
        }
        try refuseEmpty(directory, source: job.dataset)
        warn(of: leftOut, context)
        return .succeeded
    }

    private static let mostWarnings = 20

    /// A dataset that is shorter than somebody thinks makes a wrong model: what no tool brings is
    /// named in the status. What is listed and did not come has failed the phase by now.
    private func warn(of leftOut: [String], _ context: RunContext) {
        for line in leftOut.prefix(Self.mostWarnings) { context.board.warn("dataset: \(line)") }
        let more = leftOut.count - Self.mostWarnings
        if more > 0 { context.board.warn("dataset: \(more) more were left out") }
    }

    private func refuseEmpty(_ directory: String, source: String) throws {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        guard !names.isEmpty else { throw Failure("the dataset \(source) is empty") }
    }
}
