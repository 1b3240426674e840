/// A directory that belongs to this user alone, made where others may write too.
///
/// In `/tmp`, `/scratch` or `/dev/shm` another user can take the name first: with a directory, or
/// a link to one, whatever is put there can be read and exchanged (CWE-379).
package enum OwnDirectory {
    /// Makes `path`, or takes it if this user made it before; never a link, never another's.
    ///
    /// - Throws: `Failure` that names the path and its owner.
    package static func make(_ path: String) throws {
        if mkdir(path, 0o700) == 0 { return }
        let code = errno
        guard code == EEXIST else {
            throw systemFailure("cannot make the directory \(quoted(path))", code: code)
        }
        // Through the descriptor: the name may mean something else a moment later.
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw Failure(
                "\(quoted(path)) is no directory of yours: \(errorText())",
                hint: "somebody has put it there; have it removed, or choose another place")
        }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_uid == geteuid() else {
            throw Failure(
                "the directory \(quoted(path)) belongs to user \(information.st_uid)",
                hint: "somebody has put it there; have it removed, or choose another place")
        }
        guard information.st_mode & 0o7777 == 0o700 || fchmod(descriptor, 0o700) == 0 else {
            throw systemFailure("cannot close the directory \(quoted(path)) to others")
        }
    }

    /// Whether others cannot replace what this user makes in `path`: only its owner may write there,
    /// or the sticky bit keeps names with their owners (chmod(2)).
    package static func keepsNames(_ path: String) -> Bool {
        var information = stat()
        guard stat(path, &information) == 0 else { return false }
        return information.st_mode & 0o022 == 0 || information.st_mode & S_ISVTX != 0
    }
}
