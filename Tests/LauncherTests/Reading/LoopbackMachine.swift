import Shared
import Synchronization
import TestSupport

@testable import Launcher

/// A machine that a real ssh reaches: an sshd on the loopback, and a proxy that stands for the network.
final class LoopbackMachine: Sendable {
    /// Nil where one can run here.
    static let obstacle: String? = {
        for program in ["ssh", "ssh-keygen", "python3"] where !isInstalled(program) {
            return "\(program) is not installed"
        }
        return exists(sshd) ? nil : "sshd is not installed"
    }()

    private static let sshd = "/usr/sbin/sshd"

    let scratch: Scratch
    private let proxy: any RunningCommand
    private let words: Words
    private let server = Mutex<(any RunningCommand)?>(nil)
    private let port: Int
    private let proxyPort: Int

    init() async throws {
        scratch = try Scratch()
        port = try Self.freePort()
        let runner = PosixRunner()
        for name in ["host", "ssh_key"] {
            _ = try await runner.output(
                of: Command(
                    "ssh-keygen",
                    ["-q", "-t", "ed25519", "-N", "", "-f", "\(scratch.path)/\(name)"]))
        }
        // Where sshd of a root separates privileges (sshd(8)); missing in most containers.
        if geteuid() == 0 { mkdir("/run/sshd", 0o755) }
        try scratch.write(
            """
            ListenAddress 127.0.0.1
            Port \(port)
            HostKey \(scratch.path)/host
            AuthorizedKeysFile \(scratch.path)/ssh_key.pub
            StrictModes no
            UsePAM no
            PidFile none
            MaxStartups 1000
            MaxSessions 100
            LogLevel INFO
            """, to: "sshd_config")
        words = try Words()
        let command = Command(
            "python3", [parentDirectory(#filePath) + "/proxy.py", String(port)])
        (proxy, proxyPort) = try await words.start(command, runner: runner)
        try await startServer()
    }

    deinit {
        proxy.send(SIGKILL)
        server.withLock { $0 }?.send(SIGKILL)
    }

    /// The network: `cut`, `freeze`, `thaw`, `refuse`, `accept`.
    func network(_ word: String) async throws { try await words.say(word) }

    /// Ends sshd with all its connections and starts it again.
    func restart() async throws {
        server.withLock { $0 }?.send(SIGKILL)
        _ = await server.withLock { $0 }?.wait()
        try await network("cut")
        try await startServer()
    }

    private func startServer() async throws {
        var command = Command(Self.sshd, ["-D", "-e", "-f", scratch.path + "/sshd_config"])
        command.output = .append(path: scratch.path + "/sshd.log")
        command.errorOutput = command.output
        let running = try PosixRunner().start(command)
        server.withLock { $0 = running }
        try await Eventually.holds { Self.listens(self.port) }
    }

    /// The way of the commands to it.
    func connection() throws -> SSHConnection {
        let folder = RunFolder(path: scratch.path)
        let user = String(cString: getpwuid(geteuid()).pointee.pw_name)
        let machine = try Machine(terraformOutput: Data(Self.outputs(user: user).utf8))
        let key = scratch.read("host.pub") ?? ""
        let login = try Login(
            folder: folder, machine: machine, hostKey: String(key.prefix { $0 != "\n" }),
            sockets: ControlSocket.directory(environment: [:]))
        return SSHConnection(
            login: login,
            run: try RunName(cloud: "gcp", projectName: "p", codeName: "c", datasetName: "d"),
            runner: PortRunner(port: proxyPort))
    }

    private static func outputs(user: String) -> String {
        let names = ["instance_name", "instance_id", "zone", "region", "project"]
        let texts =
            names.map { "\"\($0)\":{\"value\":\"x\"}" } + [
                "\"public_ip\":{\"value\":\"127.0.0.1\"}", "\"ssh_user\":{\"value\":\"\(user)\"}",
                "\"console_url\":{\"value\":\"\"}", "\"output_bucket_url\":{\"value\":\"\"}",
                "\"billing\":{\"value\":[]}",
            ]
        return "{\(texts.joined(separator: ","))}"
    }

    /// ssh at a port of the test's, since a rented machine's is always 22.
    private struct PortRunner: CommandRunner {
        let port: Int
        func start(
            _ command: Command, onOutput: (@Sendable (ArraySlice<UInt8>) -> Void)?
        ) throws -> any RunningCommand {
            var command = command
            command.arguments = ["-p", String(port)] + command.arguments
            return try PosixRunner().start(command, onOutput: onOutput)
        }
    }

    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        guard port else { throw systemFailure("no port is free") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private static func listens(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = loopback(port)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private static func loopback(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return address
    }
}

/// Talks with a child line by line over its stdin and stdout.
final class Words: Sendable {
    private let heard = Mutex<[String]>([])
    private let partial = Mutex("")
    private let reader: Int32
    private let writer: Int32

    init() throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw systemFailure("no pipe") }
        (reader, writer) = (ends[0], ends[1])
        _ = fcntl(writer, F_SETFD, FD_CLOEXEC)
        _ = fcntl(reader, F_SETFD, FD_CLOEXEC)
    }

    deinit {
        close(reader)
        close(writer)
    }

    /// Starts a child that prints its port first.
    func start(
        _ command: Command, runner: any CommandRunner
    ) async throws -> (any RunningCommand, Int) {
        var command = command
        // The child reads descriptor 3: its stdin is not ours to give.
        command.descriptors = [reader]
        command.arguments.append("3")
        let running = try runner.start(command) { piece in self.take(piece) }
        let port = try await Eventually.value {
            self.heard.withLock { $0.first.flatMap { Int($0) } }
        }
        return (running, port)
    }

    /// Says one word and waits for its echo.
    func say(_ word: String) async throws {
        let before = heard.withLock { $0.count }
        try AtomicFile.writeAll(Data("\(word)\n".utf8), to: writer, path: "the proxy")
        try await Eventually.holds { self.heard.withLock { $0.count } > before }
    }

    private func take(_ piece: ArraySlice<UInt8>) {
        partial.withLock { partial in
            partial += String(decoding: piece, as: UTF8.self)
            let lines = partial.split(separator: "\n", omittingEmptySubsequences: false)
            heard.withLock { $0 += lines.dropLast().map(String.init) }
            partial = lines.last.map(String.init) ?? ""
        }
    }
}
