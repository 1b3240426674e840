import Dispatch

/// Runs what blocks off the tasks' threads, of which there are only as many as cores.
package func offTaskThreads<Result: Sendable>(
    _ body: @escaping @Sendable () -> Result
) async -> Result {
    await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(returning: body()) }
    }
}
