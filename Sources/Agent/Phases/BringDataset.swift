import Shared

/// Brings the dataset: a directory is read in place, a bucket is downloaded.
struct BringDataset: PhaseWork {
    let phase = Phase.dataset

    func perform(_ context: RunContext) async throws -> PhaseResult {
        let job = context.job
        let directory = job.directories.dataset
        guard job.dataset != directory else {
            guard isDirectory(directory) else {
                throw Failure("the dataset directory \(quoted(directory)) is not there")
            }
            try refuseEmpty(directory, source: directory)
            return .succeeded
        }
        let client = try context.client(for: job.dataset)
        // The store's tool goes on where an earlier attempt ended, so a retry is not a new start.
        try await context.retrying(phase) { try await client.download(tree: "", to: directory) }
        try refuseEmpty(directory, source: job.dataset)
        return .succeeded
    }

    private func refuseEmpty(_ directory: String, source: String) throws {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        guard !names.isEmpty else { throw Failure("the dataset \(source) is empty") }
    }
}
