import Dispatch
import Shared
import Synchronization

/// A server on the loopback whose every answer a test makes, byte for byte.
package final class LoopbackServer: Sendable {
    /// The head of one request.
    package struct Request: Sendable {
        /// Such as `GET /path HTTP/1.1`.
        package var line: String
        /// Names in lower case.
        package var headers: [String: String]

        package var method: String { String(line.split(separator: " ").first ?? "") }
        package var target: String { String(line.split(separator: " ").dropFirst().first ?? "") }
        package var path: String { String(target.split(separator: "?").first ?? "") }
    }

    package enum Answer: Sendable {
        /// These bytes, then the end of the connection.
        case bytes(String)
        /// These bytes, and the connection stays open until the server is shut.
        case open(String)

        package static func http(
            _ status: Int, _ body: String = "", _ headers: [String: String] = [:]
        ) -> Answer {
            let more = headers.map { "\($0.key): \($0.value)\r\n" }.joined()
            return .bytes(
                "HTTP/1.1 \(status) Word\r\nContent-Length: \(body.utf8.count)\r\n\(more)\r\n\(body)"
            )
        }
    }

    package let port: UInt16
    private let listener: Int32
    private let held = Mutex<[Int32]>([])
    private let seen = Mutex<[Request]>([])
    private let isShut = Latch()

    /// All requests so far.
    package var requests: [Request] { seen.withLock { $0 } }

    /// - Throws: `Failure` where the loopback gives no port.
    package init(_ answer: @escaping @Sendable (Request) -> Answer) throws {
        #if canImport(Darwin)
            let stream = SOCK_STREAM
        #else
            let stream = Int32(SOCK_STREAM.rawValue)
        #endif
        listener = socket(AF_INET, stream, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard bound else { throw systemFailure("cannot listen on the loopback") }
        port = UInt16(bigEndian: address.sin_port)
        // A client that hangs up while it is answered must not end all tests.
        SignalStream.ignoreBrokenPipes()
        DispatchQueue(label: "loopback").async { [self] in serve(answer) }
    }

    package func shut() {
        isShut.set()
        _ = shutdown(listener, Int32(SHUT_RDWR))
        held.withLock { open in
            open.forEach { _ = close($0) }
            open = []
        }
    }

    private func serve(_ answer: @Sendable (Request) -> Answer) {
        defer { close(listener) }
        while !isShut.isSet {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { return }
            guard let request = head(connection) else {
                close(connection)
                continue
            }
            seen.withLock { $0.append(request) }
            switch answer(request) {
            case .bytes(let text):
                // A client that has gone is no fault of the server's.
                try? AtomicFile.writeAll(Data(text.utf8), to: connection, path: "client")
                close(connection)
            case .open(let text):
                try? AtomicFile.writeAll(Data(text.utf8), to: connection, path: "client")
                held.withLock { $0.append(connection) }
            }
        }
    }

    private func head(_ connection: Int32) -> Request? {
        var bytes = Data()
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.firstRange(of: Data("\r\n\r\n".utf8)) == nil {
            let count = read(connection, &buffer, buffer.count)
            guard count > 0 else { return nil }
            bytes.append(contentsOf: buffer[..<count])
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.dropFirst().first.map { String($0.dropFirst()) }
        }
        return Request(line: String(lines.first ?? ""), headers: headers)
    }
}
