import Shared
import TestSupport
import Testing

@testable import Launcher

/// `train tensorboard` with a stand-in for TensorBoard that says which directories it was given.
@Suite(.serialized, .timeLimit(.minutes(5))) struct TensorBoardTests {
    static let standIn = """
        import http.server, json, sys

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps({"data_location": " ".join(sys.argv[1:])}).encode()
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        port = int(sys.argv[sys.argv.index("--port") + 1])
        http.server.ThreadingHTTPServer(("127.0.0.1", port), Answer).serve_forever()
        """

    /// A Python in which TensorBoard is installed.
    private func python(in scratch: Scratch, at path: String) throws {
        try scratch.write("", to: "site/tensorboard/__init__.py")
        try scratch.write(Self.standIn, to: "site/tensorboard/main.py")
        try AtomicFile.write(
            Data("#!/bin/sh\nPYTHONPATH='\(scratch.path)/site' exec python3 \"$@\"\n".utf8),
            to: path, mode: 0o755)
    }

    /// The address that the command said, once it said it.
    private func url(_ laptop: LauncherSandbox) async throws -> LoopbackPort {
        try await Eventually.value {
            let text = laptop.heard.outputs.split(separator: "http://127.0.0.1:").dropFirst().last
            return text.flatMap { Int($0.prefix(while: \.isNumber)) }.map {
                LoopbackPort(number: $0)
            }
        }
    }

    @Test func `a local run is shown by its own Python, where it is`() async throws {
        var laptop = try LauncherSandbox()
        let (interrupts, interrupt) = AsyncStream.makeStream(of: Int32.self)
        laptop.context.interrupts = { interrupts }
        let run = try await laptop.sample(.training)
        let bin = run.folder.machine + "/work/venv/bin"
        try makeDirectories(bin)
        try python(in: laptop.scratch, at: bin + "/python")
        let show = Task { [laptop] in await laptop.train("tensorboard", "classifier/beer") }
        let port = try await url(laptop)
        let answer = port.get("/data/environment")
        #expect(answer?.contains("--logdir \(run.folder.machine)/logs ") == true, "\(answer ?? "")")
        interrupt.yield(SIGINT)
        #expect(await show.value == 130)
        try await Eventually.holds { port.isFree }
    }

    @Test func `a port that is taken is another's`() async throws {
        let first = try LoopbackPort.free(from: 20_000)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(first.number).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let isTaken = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                    && listen(descriptor, 1) == 0
            }
        }
        try #require(isTaken)
        #expect(!first.isFree)
        #expect(try LoopbackPort.free(from: first.number).number > first.number)
        // It takes connections and says nothing.
        #expect(first.get("/") == nil)
    }

    @Test func `where it is nowhere, one sentence says what to install`() async throws {
        let runner = ScriptedRunner { command in
            command.arguments.first == "-c" ? CommandResult(termination: .exited(1)) : nil
        }
        // PATH is this process's own: only where it has none there is nothing.
        guard !isInstalled("tensorboard") else { return }
        let failure = await #expect(throws: Failure.self) {
            try await TensorBoardProgram.find(["/nowhere/python"], runner: runner)
        }
        #expect(failure?.summary.contains("TensorBoard is not installed") == true)
        #expect(runner.commands.map(\.executable) == ["python3"])
    }

    @Test func `names that its flag would misread are not given to it`() {
        let program = TensorBoardProgram(python: "p")
        let both = program.arguments([("logs", "/a/logs"), ("output", "/a/output")], port: 7)
        #expect(both.contains("logs:/a/logs,output:/a/output") && both.contains("127.0.0.1"))
        let odd = program.arguments([("logs", "/a,b/logs"), ("output", "/a,b/output")], port: 7)
        #expect(odd.contains("/a,b/logs") && odd.contains("--logdir"))
    }

    @Test(.enabled(if: LoopbackMachine.obstacle == nil))
    func `a machine's port is reached through the one connection, and ends with it`() async throws {
        let machine = try await LoopbackMachine()
        let connection = try machine.connection()
        let remote = try LoopbackPort.free(from: 21_000)
        let local = try LoopbackPort.free(from: remote.number + 1)
        try machine.scratch.write(Self.standIn, to: "main.py")
        let words = [
            "python3", machine.scratch.path + "/main.py", "--port", String(remote.number),
        ]
        let tunnel = MachineTunnel(connection: connection, local: local, remote: remote.number)
        let running = Task { try await tunnel.run(words) }
        try await Eventually.holds {
            local.get("/data/environment")?.contains("--port \(remote.number)") == true
        }
        running.cancel()
        _ = try? await running.value
        // The program there ends with its terminal, and the shared connection forwards no more.
        try await Eventually.holds { remote.isFree && local.isFree }
    }
}
