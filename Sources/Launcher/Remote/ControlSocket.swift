import Shared

/// The socket by which all commands to one machine share one connection (ssh_config(5), ControlPath).
enum ControlSocket {
    /// A directory of this user's alone; nil where there is none, or a socket's path would be too long.
    static func directory(environment: [String: String]) -> String? {
        let own = environment["XDG_RUNTIME_DIR"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        let parent = own ?? "/tmp"
        let path = "\(parent)/train-ssh-\(geteuid())"
        guard path.utf8.count <= mostBytes, isDirectory(parent), OwnDirectory.keepsNames(parent),
            (try? OwnDirectory.make(path)) != nil
        else { return nil }
        return path
    }

    /// 104 bytes are a socket's path on macOS (unix(4)), with the NUL; 17 takes a name of ours, 17 what
    /// ssh appends while it makes the socket.
    private static let mostBytes = 104 - 1 - 17 - 17

    /// Another address is another connection.
    static func path(in directory: String, folder: RunFolder, machine: Machine) -> String {
        let identity = "\(folder.path)\n\(machine.sshUser)@\(machine.publicIp)"
        return "\(directory)/\(SHA256.hex(Array(identity.utf8)).prefix(16))"
    }

    /// The first command makes the connection; it stays for a minute after the last.
    static func options(_ path: String) -> [String] {
        let escaped = path.replacing("%", with: "%%")
        return ["ControlMaster=auto", "ControlPath=\"\(escaped)\"", "ControlPersist=60"]
    }
}
