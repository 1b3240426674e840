import Dispatch

/// A periodic timer as an asynchronous sequence, on a Dispatch timer.
package enum Ticks {
    /// Ticks every `interval`, the first after one interval; never more than one is pending.
    package static func every(_ interval: Duration) -> AsyncStream<Void> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let queue = DispatchQueue(label: "ticks")
            // Dispatch sources are safe to use from any thread, but not marked Sendable.
            nonisolated(unsafe) let timer = DispatchSource.makeTimerSource(queue: queue)
            let seconds = max(interval.seconds, 0.001)
            timer.schedule(
                deadline: .now() + seconds, repeating: seconds, leeway: .milliseconds(50))
            timer.setEventHandler { @Sendable in continuation.yield() }
            continuation.onTermination = { _ in timer.cancel() }
            timer.activate()
        }
    }
}

extension Duration {
    /// As a fraction of seconds.
    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
