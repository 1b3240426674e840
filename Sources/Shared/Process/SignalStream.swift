import Dispatch

/// Signals as an asynchronous sequence.
package enum SignalStream {
    /// Delivers each of `signals` until the sequence is let go.
    ///
    /// On Linux a Dispatch source installs its own handling, and ignoring the signal after that
    /// would lose every delivery; on Darwin it must be ignored first.
    package static func make(_ signals: [Int32]) -> AsyncStream<Int32> {
        AsyncStream { continuation in
            let queue = DispatchQueue(label: "signals")
            let sources = signals.map { number in
                #if canImport(Darwin)
                    signal(number, SIG_IGN)
                #endif
                let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
                source.setEventHandler { @Sendable in continuation.yield(number) }
                source.activate()
                return source
            }
            // Dispatch sources are safe to use from any thread, but not marked Sendable.
            nonisolated(unsafe) let kept = sources
            continuation.onTermination = { _ in kept.forEach { $0.cancel() } }
        }
    }

    /// Lets a write to a closed pipe fail instead of killing this process. Call once, at the start.
    package static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }
}
