/// Reads parts of objects that grow, such as logs.
extension StoreClient {
    /// The bytes of `range` of one object, fewer where it ends earlier; nil where there is no such
    /// object. By the store's faster tool where there is one.
    ///
    /// - Throws: `Failure` where the store does not answer.
    package func read(_ path: String, _ range: Range<Int64>) async throws -> Data? {
        try RelativePath.check(path)
        guard !range.isEmpty else { return Data() }
        let object = url.appending(path)
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let stores = [store.traits.faster, store].compactMap { $0 }
        for (number, store) in stores.enumerated() {
            let file = "\(directory.path)/\(number)"
            var result: CommandResult
            var attempts = 0
            repeat {
                unlink(file)
                result = try await run(store.download(range, of: object, to: file))
                attempts += 1
                // A log is replaced with each sync.
            } while !result.succeeded && store.wasReplaced(result) && attempts < 5
            let isLast = number == stores.count - 1
            if result.succeeded {
                let data = exists(file) ? try readFile(file, limit: range.count + 1) : Data()
                // rclone says nothing of an object that is not there: the store's own tool does.
                if !data.isEmpty || isLast { return data }
            } else if Self.isBeyondEnd(result) {
                return Data()
            } else if isLast {
                if store.isMissing(result) { return nil }
                throw store.failure(result, doing: "reading", at: object)
            }
        }
        return nil
    }

    /// The stores answer 416 to a range that begins at or behind the object's end (RFC 9110, section
    /// 15.5.17), and the tools pass its message on.
    private static func isBeyondEnd(_ result: CommandResult) -> Bool {
        let text = result.errorOutput.lowercased()
        return ["invalidrange", "not satisfiable", "error 416", "httperror 416", "416 requested"]
            .contains { text.contains($0) }
    }
}
