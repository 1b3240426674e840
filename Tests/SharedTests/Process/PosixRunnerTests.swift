import Shared
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10))) struct PosixRunnerTests {
    private let runner = PosixRunner()

    @Test func `output, errors and status are kept`() async throws {
        let result = try await runner.run(
            Command("sh", ["-c", "echo out; echo err >&2; exit 5"]))
        #expect(
            result
                == CommandResult(
                    termination: .exited(5), output: "out\n", errorOutput: "err\n"))
    }

    @Test func `arguments arrive as they are`() async throws {
        let words = ["a b", "*", "$(id)", "'", "\"", "\\", "-n", "", "ü", "a\nb"]
        let result = try await runner.run(Command("printf", ["%s\\0"] + words))
        #expect(result.output == words.map { $0 + "\u{0}" }.joined())
    }

    /// The trap that this runner exists for: tasks run with signals blocked.
    @Test func `a child of a task gets SIGTERM`() async throws {
        let running = try runner.start(Command("sleep", ["1000"]))
        running.send(SIGTERM)
        #expect(await running.wait().termination == .signalled(SIGTERM))
    }

    @Test(.enabled(if: exists("/proc/self/status"), "needs /proc"))
    func `a child has no signal blocked or ignored`() async throws {
        let result = try await runner.run(Command("cat", ["/proc/self/status"]))
        for field in ["SigBlk:", "SigIgn:"] {
            let line = result.output.split(separator: "\n").first { $0.hasPrefix(field) }
            let mask = try #require(
                line?.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) })
            // 32 and 33 are glibc's own; no program can change them.
            #expect(mask & ~0x1_8000_0000 == 0, "\(field)")
        }
    }

    @Test(.enabled(if: exists("/proc/self/fd"), "needs /proc"))
    func `a child inherits no descriptor but its three`() async throws {
        // Many at once: a descriptor leaks only while another child is being started.
        let listings = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<20 {
                group.addTask { try await runner.run(Command("ls", ["/proc/self/fd"])).output }
            }
            return try await group.reduce(into: [String]()) { $0.append($1) }
        }
        // 3 is the directory that ls itself reads.
        for listing in listings { #expect(listing == "0\n1\n2\n3\n") }
    }

    @Test func `a time-out ends the whole group`() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let note = directory.path + "/pid"
        let result = try await runner.run(
            Command("sh", ["-c", "sleep 1000 & echo $! > $1; wait", "sh", note]),
            timeout: .milliseconds(500))
        #expect(result.timedOut)
        let pid = try #require(
            Int32(String(decoding: try readFile(note), as: UTF8.self).dropLast()))
        try await Eventually.holds { kill(pid, 0) != 0 }
    }

    @Test func `cancelling the task ends the child`() async throws {
        let task = Task { try await runner.run(Command("sleep", ["1000"])) }
        task.cancel()
        let result = try await task.value
        #expect(result.timedOut)
        #expect(result.termination == .signalled(SIGTERM))
    }

    /// Such as one that waits for a dead disk in the kernel.
    private struct Unkillable: RunningCommand {
        let pid: Int32 = 0
        func wait() async -> CommandResult {
            // Set by nobody.
            await withCheckedContinuation { continuation in
                Self.waiters.withLock { $0.append(continuation) }
            }
        }
        func send(_ signal: Int32) { Self.signals.withLock { $0.append(signal) } }
        static let signals = Mutex<[Int32]>([])
        static let waiters = Mutex<[CheckedContinuation<CommandResult, Never>]>([])
    }

    @Test func `what no signal ends is not waited for`() async {
        let result = await Unkillable().waitOrStop(after: .seconds(1), clock: SlowClock())
        #expect(result.timedOut)
        #expect(Unkillable.signals.withLock { $0 } == [SIGTERM, SIGKILL])
        let task = Task { await Unkillable().waitOrStop(after: nil, clock: SlowClock()) }
        task.cancel()
        #expect(await task.value.timedOut)
    }

    @Test func `a grandchild that holds the pipe does not hold us`() async throws {
        let running = try runner.start(Command("sh", ["-c", "sleep 1000 & echo done"]))
        let result = await running.wait()
        #expect(result.output == "done\n")
        running.send(SIGKILL)
    }

    @Test func `large output on both streams does not block`() async throws {
        let script =
            "head -c 3000000 /dev/zero | tr '\\0' x; head -c 3000000 /dev/zero | tr '\\0' y >&2"
        let result = try await runner.run(Command("sh", ["-c", script]))
        #expect(result.output.utf8.count == 3_000_000)
        #expect(result.errorOutput.utf8.count == 3_000_000)
    }

    @Test func `input reaches the child, also one that does not read it`() async throws {
        var echo = Command("cat")
        echo.input = .data(Data("hello".utf8))
        #expect(try await runner.run(echo).output == "hello")
        var deaf = Command("true")
        deaf.input = .data(Data(count: 1 << 20))
        SignalStream.ignoreBrokenPipes()
        #expect(try await runner.run(deaf).succeeded)
    }

    @Test func `environment, directory and files are set`() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        var command = Command("sh", ["-c", "echo \"$A:${HOME-none}\"; pwd"])
        command.environment = ["A": "1 2", "HOME": String?.none]
        command.workingDirectory = directory.path
        let log = directory.path + "/log"
        command.output = .append(path: log)
        try AtomicFile.write(Data("before\n".utf8), to: log)
        #expect(try await runner.run(command).output.isEmpty)
        let text = String(decoding: try readFile(log), as: UTF8.self)
        #expect(text.hasPrefix("before\n1 2:none\n"))
        #expect(text.contains(directory.path.split(separator: "/").last ?? "?"))
    }

    @Test func `a child holds the descriptors it is given, and no others`() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let files = (0..<3).map { systemOpen("\(directory.path)/\($0)") }
        defer { files.forEach { close($0) } }
        // In an order in which each would take another's number.
        var command = Command(
            "sh", ["-c", "echo two >&3; echo one >&4; ls /dev/fd | wc -l"])
        command.descriptors = [files[2], files[1]]
        // 0, 1, 2, the two, and the directory that ls reads.
        #expect(try await runner.run(command).output.filter(\.isNumber) == "6")
        let texts = try (0..<3).map { number in
            String(decoding: try readFile("\(directory.path)/\(number)"), as: UTF8.self)
        }
        #expect(texts == ["", "one\n", "two\n"])
    }

    private func systemOpen(_ path: String) -> Int32 {
        open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    }

    @Test func `what is not installed says so`() async throws {
        let failure = await #expect(throws: Failure.self) {
            try await runner.run(Command("no-such-tool-here"))
        }
        #expect(failure?.reason == .notInstalled)
        #expect(failure?.summary.contains("no-such-tool-here is not installed") == true)
        await #expect(throws: Failure.self) { try await runner.run(Command("/etc/passwd")) }
    }

    @Test func `pieces of output come while it runs`() async throws {
        let seen = Mutex("")
        let running = try runner.start(
            Command("sh", ["-c", "echo one; read line; echo two"])
        ) { piece in seen.withLock { $0 += String(decoding: piece, as: UTF8.self) } }
        _ = await running.wait()
        #expect(seen.withLock { $0 } == "one\ntwo\n")
    }
}
