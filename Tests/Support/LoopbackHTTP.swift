import Shared

/// Just enough HTTP for the tests' own requests to an emulator on this machine.
enum LoopbackHTTP {
    /// - Returns: the body of the answer.
    /// - Throws: `Failure` where there is no answer, or not one of 2xx.
    static func request(
        _ method: String, port: Int, _ target: String, body: Data = Data(),
        authorization: String? = nil
    ) throws -> Data {
        let more = authorization.map { "Authorization: \($0)\r\n" } ?? ""
        let answer = try exchange(
            port: port,
            Data(
                """
                \(method) \(target) HTTP/1.0\r
                Host: 127.0.0.1:\(port)\r
                Content-Length: \(body.count)\r
                \(more)\r\n
                """.utf8) + body)
        guard let head = answer.firstRange(of: Data("\r\n\r\n".utf8)) else {
            throw Failure("127.0.0.1:\(port) gave no answer to \(method) \(target)")
        }
        let status = String(decoding: answer[..<head.lowerBound], as: UTF8.self)
            .split(separator: " ").dropFirst().first
        let content = Data(answer[head.upperBound...])
        guard let status, status.hasPrefix("2") else {
            throw Failure(
                "\(method) \(target): \(status ?? "?")",
                detail: String(decoding: content, as: UTF8.self))
        }
        return content
    }

    private static func exchange(port: Int, _ request: Data) throws -> Data {
        #if canImport(Glibc)
            let stream = Int32(SOCK_STREAM.rawValue)
        #else
            let stream = SOCK_STREAM
        #endif
        let descriptor = socket(AF_INET, stream, 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw systemFailure("cannot reach 127.0.0.1:\(port)") }
        SignalStream.ignoreBrokenPipes()
        try AtomicFile.writeAll(request, to: descriptor, path: "127.0.0.1:\(port)")
        var answer = Data()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return answer }
            answer.append(contentsOf: buffer[..<count])
        }
    }
}
