import Shared

/// The answer to one plain HTTP request, read from what the server sent until it was done.
///
/// Whoever answers is not trusted: all that is not an answer of HTTP/1.x is nil.
struct HTTPAnswer: Sendable, Equatable {
    var status: Int
    /// Names in lower case.
    var headers: [String: String]
    var body: Data

    /// In bytes, head and body together; what the clouds send has a few hundred.
    static let largest = 64 << 10

    /// - Parameters:
    ///   - bytes: what has come so far.
    ///   - isClosed: the server will send no more.
    /// - Returns: nil where the answer is not whole yet, or not HTTP.
    init?(_ bytes: Data, isClosed: Bool) {
        guard let end = bytes.firstRange(of: Data("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
            .split(separator: "\r\n", omittingEmptySubsequences: false)
        let words = (lines.first ?? "").split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1].utf8.count == 3,
            let status = Int(words[1]), (100...599).contains(status)
        else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmed
        }
        guard
            let body = Self.body(Data(bytes[end.upperBound...]), headers, isClosed: isClosed)
        else { return nil }
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// By chunks, by length, or until the end of the connection (RFC 9112, section 6.3).
    private static func body(
        _ rest: Data, _ headers: [String: String], isClosed: Bool
    ) -> Data? {
        if headers["transfer-encoding"]?.lowercased() == "chunked" { return joined(rest) }
        guard let text = headers["content-length"] else { return isClosed ? rest : nil }
        guard let length = Int(text), (0...largest).contains(length), rest.count >= length else {
            return nil
        }
        return rest.prefix(length)
    }

    /// The chunks of RFC 9112, section 7.1, put together; nil until the last one is there.
    private static func joined(_ chunks: Data) -> Data? {
        var rest = chunks[...]
        var body = Data()
        while let end = rest.firstRange(of: Data("\r\n".utf8)) {
            let word =
                String(decoding: rest[..<end.lowerBound], as: UTF8.self)
                .split(separator: ";").first ?? ""
            guard let size = Int(word.trimmed, radix: 16), (0...largest).contains(size) else {
                return nil
            }
            if size == 0 { return body }
            rest = rest[end.upperBound...]
            guard rest.count >= size + 2 else { return nil }
            body.append(rest.prefix(size))
            rest = rest.dropFirst(size + 2)
        }
        return nil
    }
}
