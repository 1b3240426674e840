import Shared
import Synchronization

/// To a rented machine, by `ssh`.
struct SSHConnection: MachineConnection {
    let login: Login
    let run: RunName
    let runner: any CommandRunner
    private let needs = Needs()

    init(login: Login, run: RunName, runner: any CommandRunner) {
        self.login = login
        self.run = run
        self.runner = runner
    }

    var isRemote: Bool { true }

    func shell(_ words: [String]) async throws -> Int32 {
        try await attached(login.command(words, isInteractive: true), runner)
    }

    func stopAgent() async throws {
        // Not `systemctl stop`: its time-out, made for a spot machine's end, would cut a last sync.
        let words = [
            "sudo", "systemctl", "kill", "--kill-who=main", "--signal=TERM", "train-agent",
        ]
        let result = try await runner.run(
            login.command(words, isInteractive: false), timeout: .seconds(60))
        guard result.succeeded else {
            try checkHostKey(result)
            throw Failure(
                "the machine could not be asked to stop", detail: harmless(result.lastLines(3)),
                hint: "SSH is open to the address that started the run alone; else end it now and "
                    + "take what is synced: train finish \(run) --force \(run)")
        }
    }

    func probe() async throws { _ = try await perform(["true"]) }

    func read(_ file: String, _ range: Range<Int64>) async throws -> Data {
        guard !range.isEmpty else { return Data() }
        return try await ask([
            "dd", "if=\(file)", "iflag=skip_bytes,count_bytes", "skip=\(range.lowerBound)",
            "count=\(range.count)", "bs=65536", "status=none",
        ])
    }

    func size(of file: String) async throws -> Int64 {
        let answer = try await ask(["stat", "-L", "-c", "%s", file])
        return Int64(String(decoding: answer, as: UTF8.self).filter { !$0.isWhitespace }) ?? 0
    }

    func list(_ directory: String) async throws -> [ListedFile] {
        // Names may hold anything but a NUL.
        let answer = try await ask([
            "find", directory, "-type", "f", "-printf", "%s %P\\0",
        ])
        return answer.split(separator: 0).compactMap { entry in
            guard let space = entry.firstIndex(of: 0x20),
                let size = Int64(String(decoding: entry[..<space], as: UTF8.self)),
                let path = String(validating: entry[entry.index(after: space)...], as: UTF8.self)
            else { return nil }
            return ListedFile(path: path, size: size)
        }
    }

    func output(of words: [String]) async throws -> String {
        let (data, refusal) = try await perform(words)
        if let refusal { throw Failure("\(words[0]) failed there", detail: harmless(refusal)) }
        return String(decoding: data, as: UTF8.self)
    }

    /// What a command there prints; nothing where it misses its file.
    ///
    /// Logs can be read by anybody on most machines, and by root on all: sudo, which writes a line into
    /// the machine's own log each time, is used where it is needed.
    private func ask(_ words: [String]) async throws -> Data {
        let words = ["env", "LC_ALL=C"] + words
        if !needs.root {
            let (data, refusal) = try await perform(words)
            guard let refusal else { return data }
            guard refusal.contains("Permission denied") else { return try missing(refusal) }
            needs.root = true
        }
        let (data, refusal) = try await perform(["sudo", "-n"] + words)
        guard let refusal else { return data }
        return try missing(refusal)
    }

    private func missing(_ refusal: String) throws -> Data {
        guard !refusal.contains("No such file or directory") else { return Data() }
        throw Failure("the machine refused: \(harmlessLine(refusal))")
    }

    /// - Returns: what it printed, and its complaint where it failed.
    /// - Throws: `Failure` where the machine does not answer.
    private func perform(_ words: [String]) async throws -> (Data, refusal: String?) {
        let pieces = Mutex(Data())
        let running = try runner.start(login.command(words, isInteractive: false)) { piece in
            pieces.withLock { $0.append(contentsOf: piece) }
        }
        let result = await running.waitOrStop(after: Self.patience)
        try Task.checkCancellation()
        guard !result.timedOut, result.termination != .exited(Self.connectionFailed) else {
            try checkHostKey(result)
            throw Failure(
                "the machine does not answer over SSH", detail: harmless(result.lastLines(3)))
        }
        let data = pieces.withLock { $0 }
        return (data, result.succeeded ? nil : result.errorOutput)
    }

    /// What answers at the machine's address is told nothing where it cannot show the machine's key.
    ///
    /// - Throws: `Failure` with the reason `hostKeyChanged`.
    func checkHostKey(_ result: CommandResult) throws {
        // OpenSSH's sshconnect.c, which says so whatever the language.
        guard result.termination == .exited(Self.connectionFailed),
            result.errorOutput.contains("Host key verification failed")
        else { return }
        var failure = Failure(
            "what answers at \(login.machine.publicIp) has another SSH host key than the machine; it "
                + "was told nothing",
            hint: "somebody may pose as it, or its address is another computer's by now")
        failure.reason = .hostKeyChanged
        throw failure
    }

    /// Longer than OpenSSH itself waits for a dead link.
    private static let patience: Duration = .seconds(20)
    /// ssh's own exit status (ssh(1)).
    private static let connectionFailed: Int32 = 255

    /// What was found out about the machine.
    private final class Needs: Sendable {
        private let state = Mutex(false)
        var root: Bool {
            get { state.withLock { $0 } }
            set { state.withLock { $0 = newValue } }
        }
    }
}
