import Dispatch
import Synchronization

/// Applies a function to many elements, to a few of them at a time.
///
/// One queue of elements, and two kinds of workers that empty it: threads for work that blocks in
/// system calls, tasks for work that waits for child processes.
package enum ParallelMap {
    /// Enough to keep a disk busy while others wait for their fsync.
    package static let threads = 8

    /// Applies blocking work to each element on a few threads, and blocks until all is done.
    ///
    /// - Returns: the results in the elements' order.
    /// - Throws: the first error; elements in progress are finished, no other is started.
    package static func run<Element: Sendable, Output: Sendable>(
        _ elements: [Element], _ body: @Sendable (Element) throws -> Output
    ) throws -> [Output] {
        let queue = Queue<Output, any Error>(count: elements.count)
        DispatchQueue.concurrentPerform(iterations: min(threads, elements.count)) { _ in
            while let index = queue.next() {
                do {
                    queue.finish(index, try body(elements[index]))
                } catch {
                    queue.fail(error)
                }
            }
        }
        return try queue.outputs()
    }

    /// Applies asynchronous work to each element in at most `limit` tasks.
    ///
    /// - Returns: the results in the elements' order.
    /// - Throws: the first error; elements in progress are finished, no other is started.
    package static func run<Element: Sendable, Output: Sendable, Problem: Error>(
        _ elements: [Element], limit: Int,
        _ body: @escaping @Sendable (Element) async throws(Problem) -> Output
    ) async throws(Problem) -> [Output] {
        let queue = Queue<Output, Problem>(count: elements.count)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<min(limit, elements.count) {
                group.addTask {
                    while let index = queue.next() {
                        do throws(Problem) {
                            queue.finish(index, try await body(elements[index]))
                        } catch {
                            queue.fail(error)
                        }
                    }
                }
            }
        }
        return try queue.outputs()
    }

    /// Hands out indices and gathers the results, from any thread.
    private final class Queue<Output: Sendable, Problem: Error>: Sendable {
        private struct State: Sendable {
            var next = 0
            var outputs: [Output?]
            var problem: Problem?
        }

        private let state: Mutex<State>

        init(count: Int) {
            state = Mutex(State(outputs: Array(repeating: nil, count: count)))
        }

        /// The index of the next element without a worker; nil at the end, and after an error.
        func next() -> Int? {
            state.withLock { state in
                guard state.problem == nil, state.next < state.outputs.count else { return nil }
                defer { state.next += 1 }
                return state.next
            }
        }

        func finish(_ index: Int, _ output: Output) {
            state.withLock { $0.outputs[index] = output }
        }

        /// Keeps the first error.
        func fail(_ problem: Problem) {
            state.withLock { $0.problem = $0.problem ?? problem }
        }

        func outputs() throws(Problem) -> [Output] {
            let (outputs, problem) = state.withLock { ($0.outputs, $0.problem) }
            if let problem { throw problem }
            return outputs.compactMap { $0 }
        }
    }
}
