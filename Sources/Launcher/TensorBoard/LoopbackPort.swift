import Shared

/// A port of this computer's loopback.
struct LoopbackPort: Sendable, Equatable {
    let number: Int

    /// Whether a server could take it; one whose last connection has just ended counts as free.
    var isFree: Bool {
        let descriptor = Self.stream()
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(
            descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        return withAddress { bind(descriptor, $0, $1) == 0 }
    }

    /// The first free one from `number` on.
    ///
    /// - Throws: `Failure` where a hundred are taken.
    static func free(from number: Int) throws -> LoopbackPort {
        for candidate in number..<min(number + 100, 65_536) {
            let port = LoopbackPort(number: candidate)
            if port.isFree { return port }
        }
        throw Failure("no port from \(number) on is free", hint: "give one: --port NUMBER")
    }

    /// The body of what an HTTP server there answers; nil where none does within two seconds.
    ///
    /// Blocks: call it off the task threads.
    func get(_ target: String) -> String? {
        let descriptor = Self.stream()
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var patience = timeval()
        patience.tv_sec = 2
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(
                descriptor, SOL_SOCKET, option, &patience,
                socklen_t(MemoryLayout<timeval>.size))
        }
        guard withAddress({ connect(descriptor, $0, $1) == 0 }) else { return nil }
        let request = "GET \(target) HTTP/1.0\r\nHost: 127.0.0.1:\(number)\r\n\r\n"
        let name = "127.0.0.1:\(number)"
        guard (try? AtomicFile.writeAll(Data(request.utf8), to: descriptor, path: name)) != nil
        else { return nil }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        while answer.count < 1 << 18 {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            answer += buffer[..<count]
        }
        let text = String(decoding: answer, as: UTF8.self)
        guard text.hasPrefix("HTTP/"), text.split(separator: " ").dropFirst().first == "200",
            let head = text.firstRange(of: "\r\n\r\n")
        else { return nil }
        return String(text[head.upperBound...])
    }

    private static func stream() -> Int32 {
        #if canImport(Glibc)
            socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            socket(AF_INET, SOCK_STREAM, 0)
        #endif
    }

    private func withAddress<Result>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(clamping: number).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
