import Dispatch

/// Runs what blocks off the tasks' threads, of which there are only as many as cores.
package func offTaskThreads<Result: Sendable>(
    _ body: @escaping @Sendable () -> Result
) async -> Result {
    await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(returning: body()) }
    }
}

/// The same for work that takes minutes: `body` looks at the latch between two pieces of it.
///
/// - Parameter body: gets a latch that is set once the task is cancelled.
/// - Throws: what `body` throws; `CancellationError` if the task was cancelled meanwhile.
package func offTaskThreads<Value: Sendable>(
    untilCancelled body: @escaping @Sendable (_ isCancelled: Latch) throws -> Value
) async throws -> Value {
    let isCancelled = Latch()
    let result: Result<Value, any Error> = await withTaskCancellationHandler {
        await offTaskThreads { Result { try body(isCancelled) } }
    } onCancel: {
        isCancelled.set()
    }
    try Task.checkCancellation()
    return try result.get()
}
