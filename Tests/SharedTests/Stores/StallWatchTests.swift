import Shared
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10))) struct StallWatchTests {
    private let watch = StallWatch(timeout: .milliseconds(600), interval: .milliseconds(50))

    /// A shell that starts `body` as a grandchild, notes its number, and waits for it.
    private func shell(_ body: String, noting file: String) -> Command {
        Command("/bin/sh", ["-c", "(\(body)) & echo $! > \"$1\"; wait", "sh", file])
    }

    private func isAlive(_ file: String) throws -> Bool {
        let text = String(decoding: try readFile(file), as: UTF8.self)
        let pid = try #require(Int32(text.filter { $0.isNumber }))
        return kill(pid, 0) == 0
    }

    @Test func `what moves nothing is stopped, its descendants too`() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let note = directory.path + "/pid"
        let failure = await #expect(throws: Failure.self) {
            try await watch.run(shell("sleep 600", noting: note), with: PosixRunner())
        }
        #expect(failure?.summary == "sh moved nothing for 1 s and was stopped")
        while try isAlive(note) { try await Task.sleep(for: .milliseconds(10)) }
    }

    @Test(.enabled(if: exists("/proc/self/io"), "counts bytes by /proc"))
    func `what goes on moving bytes is left alone, and its result comes`() async throws {
        let command = Command(
            "/bin/sh",
            [
                "-c",
                "for i in 1 2 3 4 5 6 7 8; do head -c 9000 /dev/zero > /dev/null; sleep 0.2; done; exit 7",
            ])
        let result = try await watch.run(command, with: PosixRunner())
        #expect(result.termination == .exited(7))
    }

    @Test func `cancelling the task stops the whole group`() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let note = directory.path + "/pid"
        let patient = StallWatch(timeout: .seconds(600))
        let command = shell("sleep 600", noting: note)
        let task = Task { try await patient.run(command, with: PosixRunner()) }
        while !exists(note) { try await Task.sleep(for: .milliseconds(10)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        while try isAlive(note) { try await Task.sleep(for: .milliseconds(10)) }
    }

    @Test func `a quick success under a watch is a success`() async throws {
        let result = try await watch.run(Command("echo", ["hello"]), with: PosixRunner())
        #expect(result.output == "hello\n")
    }
}
