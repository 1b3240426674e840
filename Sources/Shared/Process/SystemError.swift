/// What the C library says of an errno.
package func errorText(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }

/// A failed system call as a `Failure`: `doing`, then the reason; a full disk gets its own hint.
package func systemFailure(_ doing: String, code: Int32 = errno) -> Failure {
    let hint: String? =
        switch code {
        case ENOSPC, EDQUOT: "the disk is full: free some space, or give another directory"
        case EACCES, EPERM, EROFS: "check the permissions of that path"
        default: nil
        }
    return Failure("\(doing): \(errorText(code))", hint: hint)
}

/// Whether `path` is a directory, or a link to one.
package func isDirectory(_ path: String) -> Bool {
    var information = stat()
    return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
}

/// Whether something is at `path`.
package func exists(_ path: String) -> Bool {
    var information = stat()
    return lstat(path, &information) == 0
}
