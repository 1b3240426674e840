import Dispatch
import Synchronization

/// Blocking work on many things, on a few threads.
package enum ParallelMap {
    /// Enough to keep a disk busy while others wait for their fsync.
    package static let threads = 8

    /// Applies `body` to each element; the results come in the elements' order.
    ///
    /// - Throws: the first error met; what had begun is finished, nothing more is begun.
    package static func run<Element: Sendable, Result: Sendable>(
        _ elements: [Element], _ body: @Sendable (Element) throws -> Result
    ) throws -> [Result] {
        let state = Mutex(
            State<Result>(results: Array(repeating: nil, count: elements.count)))
        DispatchQueue.concurrentPerform(iterations: min(threads, elements.count)) { _ in
            while let index = state.withLock({ $0.nextIndex() }) {
                do {
                    let result = try body(elements[index])
                    state.withLock { $0.results[index] = result }
                } catch {
                    state.withLock { $0.error = $0.error ?? error }
                }
            }
        }
        return try state.withLock { state in
            if let error = state.error { throw error }
            return state.results.compactMap { $0 }
        }
    }

    private struct State<Result: Sendable>: Sendable {
        var next = 0
        var results: [Result?]
        var error: (any Error)?

        mutating func nextIndex() -> Int? {
            guard error == nil, next < results.count else { return nil }
            defer { next += 1 }
            return next
        }
    }
}
