import Shared

/// How one logs in to a run's machine: with the run's key, and only where the machine shows the key
/// that its agent told through the bucket before the first login.
struct Login: Sendable, Equatable {
    let folder: RunFolder
    let machine: Machine
    /// The connection that all commands to this machine share; nil: each makes its own.
    let socket: String?

    /// - Parameters:
    ///   - hostKey: a line of an OpenSSH public key, as the bucket has it.
    ///   - sockets: the directory for connections that commands share.
    /// - Throws: `Failure` where it is none, or another than at the first login, or this folder has
    ///   no key of the run.
    init(folder: RunFolder, machine: Machine, hostKey: String, sockets: String? = nil) throws {
        self.folder = folder
        self.machine = machine
        socket = sockets.map { ControlSocket.path(in: $0, folder: folder, machine: machine) }
        guard exists(folder.sshKey) else {
            throw Failure(
                "there is no key for this run's machine on this computer",
                hint: "log in from the computer that started it")
        }
        let words = hostKey.split(separator: " ")
        let isPlain = hostKey.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7f }
        guard isPlain, words.count >= 2, words[0].hasPrefix("ssh-") || words[0].hasPrefix("ecdsa-")
        else {
            throw Failure("the machine's status holds no SSH key that can be read")
        }
        // The address changes where a machine is started again, so the key stands under a name.
        try pin("\(Self.alias) \(words[0]) \(words[1])\n")
    }

    /// Keeps the first key, so a later writer to the bucket cannot pose as the machine.
    private func pin(_ line: String) throws {
        let path = folder.knownHosts
        guard exists(path) else {
            return try AtomicFile.write(Data(line.utf8), to: path, mode: 0o600)
        }
        let known = String(decoding: try readFile(path), as: UTF8.self)
        guard known != line else { return }
        var failure = Failure(
            "the machine's SSH host key has changed since the first login; nobody is logged in",
            detail: "then: \(harmlessLine(known))\nnow:  \(harmlessLine(line))",
            hint:
                "a machine keeps its key, so somebody may pose as it. If you know why it has a new "
                + "one, remove \(quoted(path)) and call this again")
        failure.reason = .hostKeyChanged
        throw failure
    }

    private static let alias = "train-machine"

    /// - Parameter words: what runs there; none: a shell.
    func command(_ words: [String], isInteractive: Bool) -> Command {
        var arguments = ["-F", "none"]
        for option in [
            "IdentityFile=\"\(Self.plain(folder.sshKey))\"", "IdentitiesOnly=yes",
            "UserKnownHostsFile=\"\(Self.plain(folder.knownHosts))\"",
            "GlobalKnownHostsFile=none", "StrictHostKeyChecking=yes", "HostKeyAlias=\(Self.alias)",
            "BatchMode=yes",
            // Of a name that was up a moment ago: TCP asks again after 1 and 3 s, so a network that is
            // back is noticed at once or by the next call.
            "ConnectTimeout=5",
            // A dead link is to be noticed within 15 s. OpenSSH 9.2 took 19 s where 5 × 2 were asked.
            "ServerAliveInterval=3", "ServerAliveCountMax=3",
        ] + (socket.map(ControlSocket.options) ?? []) {
            arguments += ["-o", option]
        }
        if isInteractive, words.isEmpty { arguments.append("-t") }
        arguments += ["\(machine.sshUser)@\(machine.publicIp)", "--"]
        // The shell over there splits what it gets once more.
        return Command("ssh", arguments + words.map(Self.quotedForShell))
    }

    /// A path that ssh takes as it is: it expands percent signs (ssh_config(5), TOKENS).
    private static func plain(_ path: String) -> String { path.replacing("%", with: "%%") }

    private static func quotedForShell(_ word: String) -> String {
        "'" + word.replacing("'", with: "'\\''") + "'"
    }
}
