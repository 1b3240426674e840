import Shared
import Synchronization
import Testing

@Suite struct ParallelMapTests {
    private struct Odd: Error, Equatable { var number: Int }

    /// Counts the visitors that are inside at the same time.
    private actor Room {
        private var inside = 0
        private(set) var most = 0

        func visit() async {
            inside += 1
            most = max(most, inside)
            for _ in 0..<20 { await Task.yield() }
            inside -= 1
        }
    }

    @Test func `results come in the order of the elements`() async throws {
        let numbers = Array(0..<100)
        let doubled = numbers.map { $0 * 2 }
        #expect(try ParallelMap.run(numbers) { $0 * 2 } == doubled)
        #expect(await ParallelMap.run(numbers, limit: 3) { number in number * 2 } == doubled)
        #expect(await ParallelMap.run([Int](), limit: 3) { number in number }.isEmpty)
    }

    @Test func `at most the limit of elements is at work, and no fewer`() async {
        let room = Room()
        _ = await ParallelMap.run(Array(0..<40), limit: 8) { _ in await room.visit() }
        let most = await room.most
        #expect(most > 1 && most <= 8)
    }

    @Test func `after an error no other element is begun`() async {
        let begun = Mutex(0)
        let error = await #expect(throws: Odd.self) {
            try await ParallelMap.run(Array(0..<1000), limit: 2) { number throws(Odd) in
                begun.withLock { $0 += 1 }
                if number == 1 { throw Odd(number: number) }
                return number
            }
        }
        #expect(error == Odd(number: 1))
        #expect(begun.withLock { $0 } < 1000)
        let blocking = #expect(throws: Odd.self) {
            try ParallelMap.run(Array(0..<1000)) { number in
                if number == 1 { throw Odd(number: number) }
                return number
            }
        }
        #expect(blocking == Odd(number: 1))
    }
}
