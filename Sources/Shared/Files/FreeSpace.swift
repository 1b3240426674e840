/// How much room a file system has.
package enum FreeSpace {
    /// Bytes that an ordinary user may still write at `path`; nil if the system does not say.
    ///
    /// Network file systems may report absurd sizes; the result is clamped instead of overflowing.
    package static func bytes(at path: String) -> Int64? {
        var information = statvfs()
        guard statvfs(path, &information) == 0 else { return nil }
        let (bytes, isTooMuch) = Int64(clamping: information.f_bavail)
            .multipliedReportingOverflow(by: Int64(clamping: information.f_frsize))
        return isTooMuch ? .max : bytes
    }
}
