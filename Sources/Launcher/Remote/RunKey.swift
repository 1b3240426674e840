import Shared

/// The key pair made for one run: whoever has the run's folder can log in to its machine.
struct RunKey: Sendable {
    let folder: RunFolder

    /// - Returns: the public half; nil where there is no ssh-keygen, and so nobody to log in.
    func make(runner: any CommandRunner) async throws -> String? {
        let path = folder.sshKey
        if !exists(path) {
            guard isInstalled("ssh-keygen") else { return nil }
            let command = Command(
                "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "train", "-f", path])
            _ = try await runner.output(of: command)
        }
        let text = String(decoding: try readFile(path + ".pub"), as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).first.map(String.init)
    }
}
