import Shared

/// What `--credentials_path` names.
enum CredentialsFile {
    /// - Returns: its whole path; nil where none is given.
    /// - Throws: `Failure` with exit code 2 where it cannot be read.
    static func checked(_ path: String?) throws -> String? {
        guard let path else { return nil }
        let full = StoreURL.absolutePath(path)
        guard access(full, R_OK) == 0, !isDirectory(full) else {
            throw Failure.usage(
                "--credentials_path \(quoted(path)) is not a file that can be read",
                hint: "give the JSON key of a service account")
        }
        return full
    }
}
