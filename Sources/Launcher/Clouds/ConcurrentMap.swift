extension Array where Element: Sendable {
    /// Applies `body` to each element, to at most `limit` at a time; the results come in the
    /// elements' order.
    ///
    /// For child processes that mostly wait for a network: a cloud's tool is a large program, and
    /// one for each of AWS's regions at once would hold up the computer.
    func concurrentMap<Result: Sendable>(
        limit: Int, _ body: @escaping @Sendable (Element) async -> Result
    ) async -> [Result] {
        await withTaskGroup(of: (Int, Result).self) { group in
            var results = [Result?](repeating: nil, count: count)
            for (index, element) in enumerated() {
                if index >= limit, let (done, result) = await group.next() {
                    results[done] = result
                }
                group.addTask { (index, await body(element)) }
            }
            for await (done, result) in group { results[done] = result }
            return results.compactMap { $0 }
        }
    }
}
