import Dispatch
import Shared
import Synchronization

/// Asks the metadata server of the cloud's machine, by plain HTTP over a socket of its own.
///
/// No process and no TLS: the address is link-local, and only the host of the virtual machine
/// answers there. A server that hangs or sends garbage costs nothing but the question: each has its
/// own thread, a time limit and a size limit.
struct MetadataClient: Sendable {
    /// One question; `path` begins with a slash.
    struct Question: Sendable {
        var method = "GET"
        var path: String
        var headers: [String: String] = [:]
        /// From the connection to the whole answer.
        var timeout: Duration = .seconds(5)
    }

    /// The same on Google Cloud, AWS and Azure.
    static let address = "169.254.169.254"

    /// An IPv4 address.
    var host = MetadataClient.address
    var port: UInt16 = 80

    /// - Throws: `Failure` where there is no answer of HTTP within the time; `CancellationError`.
    func ask(_ question: Question) async throws -> HTTPAnswer {
        let connection = Connection()
        let queue = DispatchQueue(label: "metadata")
        let answer: Result<HTTPAnswer, any Error> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                queue.async {
                    continuation.resume(returning: Result { try exchange(question, connection) })
                }
            }
        } onCancel: {
            connection.interrupt()
        }
        try Task.checkCancellation()
        return try answer.get()
    }

    private func exchange(_ question: Question, _ connection: Connection) throws -> HTTPAnswer {
        defer { connection.shut() }
        let deadline = ContinuousClock.now + question.timeout
        try connection.open(host: host, port: port, deadline: deadline)
        try connection.send(request(question), deadline: deadline)
        var bytes = Data()
        while true {
            let more = try connection.receive(deadline: deadline)
            bytes.append(more)
            guard bytes.count <= HTTPAnswer.largest else {
                throw Failure("the metadata server's answer to \(question.path) is too large")
            }
            if let answer = HTTPAnswer(bytes, isClosed: more.isEmpty) { return answer }
            guard !more.isEmpty else {
                throw Failure("the metadata server's answer to \(question.path) is not HTTP")
            }
        }
    }

    private func request(_ question: Question) -> Data {
        var lines = ["\(question.method) \(question.path) HTTP/1.1", "Host: \(host)"]
        lines += question.headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        if question.method != "GET" { lines.append("Content-Length: 0") }
        lines.append("Connection: close")
        return Data((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }
}

/// A TCP connection whose every wait has an end.
private final class Connection: Sendable {
    /// Nil before it is open and after it is shut.
    private let descriptor = Mutex<Int32?>(nil)
    private let isInterrupted = Latch()

    /// Ends every wait of the thread that uses it; callable from any other.
    func interrupt() {
        isInterrupted.set()
        descriptor.withLock { if let open = $0 { _ = shutdown(open, Int32(SHUT_RDWR)) } }
    }

    func shut() {
        descriptor.withLock { open in
            if let open { close(open) }
            open = nil
        }
    }

    func open(host: String, port: UInt16, deadline: ContinuousClock.Instant) throws {
        #if canImport(Darwin)
            let stream = SOCK_STREAM
        #else
            let stream = Int32(SOCK_STREAM.rawValue)
        #endif
        let new = socket(AF_INET, stream, 0)
        guard new >= 0 else { throw systemFailure("cannot open a socket") }
        descriptor.withLock { $0 = new }
        guard fcntl(new, F_SETFD, FD_CLOEXEC) == 0, fcntl(new, F_SETFL, O_NONBLOCK) == 0 else {
            throw systemFailure("cannot set up a socket")
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else {
            throw Failure("\(quoted(host)) is no IPv4 address")
        }
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(new, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if connected == 0 { return }
        guard errno == EINPROGRESS else { throw systemFailure("cannot reach \(host)") }
        try wait(for: Int16(POLLOUT), deadline)
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(new, SOL_SOCKET, SO_ERROR, &code, &size) == 0, code == 0 else {
            throw systemFailure("cannot reach \(host)", code: code)
        }
    }

    func send(_ bytes: Data, deadline: ContinuousClock.Instant) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            try wait(for: Int16(POLLOUT), deadline)
            let count = rest.withUnsafeBytes { write(handle, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count < 0, errno != EAGAIN, errno != EINTR {
                throw systemFailure("cannot write to the metadata server")
            }
        }
    }

    /// - Returns: no bytes once the server has closed.
    func receive(deadline: ContinuousClock.Instant) throws -> Data {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            try wait(for: Int16(POLLIN), deadline)
            let count = read(handle, &buffer, buffer.count)
            if count >= 0 { return Data(buffer[..<count]) }
            guard errno == EAGAIN || errno == EINTR else {
                throw systemFailure("cannot read from the metadata server")
            }
        }
    }

    private var handle: Int32 { descriptor.withLock { $0 ?? -1 } }

    private func wait(for events: Int16, _ deadline: ContinuousClock.Instant) throws {
        while true {
            if isInterrupted.isSet { throw CancellationError() }
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { throw Failure("the metadata server did not answer in time") }
            var waited = pollfd(fd: handle, events: events, revents: 0)
            let milliseconds = Int32(min(left.seconds * 1000, 600_000).rounded(.up))
            let count = poll(&waited, 1, milliseconds)
            if count > 0 { return }
            guard count == 0 || errno == EINTR else {
                throw systemFailure("cannot wait for the metadata server")
            }
        }
    }
}
