/// What must be answered in time.
package enum TimeLimit {
    /// What `body` returns, or nil where it takes longer than `limit`; nobody waits for it then.
    ///
    /// A task group would wait: a tool or a file system that hangs in the kernel ends by no signal.
    package static func value<Value: Sendable>(
        within limit: Duration, _ clock: any Clock<Duration>,
        _ body: @escaping @Sendable () async -> Value?
    ) async -> Value? {
        let (answers, report) = AsyncStream.makeStream(of: Value?.self)
        let work = Task { report.yield(await body()) }
        let waiting = Task {
            // Cancelled by an answer.
            try? await clock.sleep(for: limit, tolerance: .milliseconds(10))
            if !Task.isCancelled { report.yield(nil) }
        }
        defer {
            work.cancel()
            waiting.cancel()
        }
        for await answer in answers { return answer }
        return nil
    }
}
