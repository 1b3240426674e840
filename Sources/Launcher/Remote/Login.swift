import Shared

/// How one logs in to a run's machine: with the run's key, and only where the machine shows the key
/// that its agent told through the bucket.
struct Login: Sendable, Equatable {
    let folder: RunFolder
    let machine: MadeMachine

    /// - Parameter hostKey: a line of an OpenSSH public key, as the bucket has it.
    /// - Throws: `Failure` where it is none, or this folder has no key of the run.
    init(folder: RunFolder, machine: MadeMachine, hostKey: String) throws {
        self.folder = folder
        self.machine = machine
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
        let line = "\(Self.alias) \(words[0]) \(words[1])\n"
        try AtomicFile.write(Data(line.utf8), to: folder.knownHosts, mode: 0o600)
    }

    private static let alias = "train-machine"

    /// - Parameter words: what runs there; none: a shell.
    func command(_ words: [String], isInteractive: Bool) -> Command {
        var arguments = ["-i", folder.sshKey, "-F", "none"]
        for option in [
            "IdentitiesOnly=yes", "UserKnownHostsFile=\"\(folder.knownHosts)\"",
            "GlobalKnownHostsFile=none", "StrictHostKeyChecking=yes", "HostKeyAlias=\(Self.alias)",
            "ConnectTimeout=15", "BatchMode=yes",
        ] {
            arguments += ["-o", option]
        }
        if isInteractive, words.isEmpty { arguments.append("-t") }
        arguments += ["\(machine.sshUser)@\(machine.publicIp)", "--"]
        // The shell over there splits what it gets once more.
        return Command("ssh", arguments + words.map(Self.quotedForShell))
    }

    private static func quotedForShell(_ word: String) -> String {
        "'" + word.replacing("'", with: "'\\''") + "'"
    }
}
