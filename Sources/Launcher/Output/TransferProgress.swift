import Shared

/// Shows how a transfer goes on: on a terminal by a live line, in a pipe by a line now and then.
struct TransferProgress: Sendable {
    /// How much is done, by a look at what is there.
    typealias Measure = @Sendable () -> (files: Int, bytes: Int64)

    let bar: ProgressBar
    let steps: Steps
    let measure: Measure

    /// Seldom enough that an hour's transfer leaves a log that a person still reads.
    static let plainInterval: Duration = .seconds(10)
    private static let liveInterval: Duration = .milliseconds(250)

    /// Runs `body` and shows meanwhile how far it is.
    func during<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        let watcher = Task { [self] in try await watch() }
        defer { steps.line.clear() }
        do {
            let result = try await body()
            watcher.cancel()
            _ = await watcher.result
            return result
        } catch {
            watcher.cancel()
            _ = await watcher.result
            throw error
        }
    }

    /// Counts on a thread of its own: a million files take a while, and Ctrl-C must be heard.
    private func look() async -> (files: Int, bytes: Int64) {
        await offTaskThreads { [measure] in measure() }
    }

    private func watch() async throws {
        let line = steps.line
        let start = await look().bytes
        let started = ContinuousClock.now
        let interval = line.isInteractive ? Self.liveInterval : Self.plainInterval
        var took: Duration = .zero
        while true {
            // Counting 100,000 files takes a while itself, so the pause grows with it.
            try await steps.clock.sleep(for: max(interval, took * 5))
            let looked = ContinuousClock.now
            let size = await look()
            let now = ContinuousClock.now
            took = now - looked
            try Task.checkCancellation()
            let progress = ProgressBar.Progress(
                files: size.files, bytes: size.bytes, startBytes: start,
                seconds: (now - started).seconds)
            if line.isInteractive {
                line.update(bar.text(progress))
            } else {
                line.say("  " + bar.plainText(progress))
            }
        }
    }
}
