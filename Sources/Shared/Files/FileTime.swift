extension timespec {
    /// A file's time, in nanoseconds since 1970.
    ///
    /// The nanoseconds of a timespec count forwards, also before 1970: else the kernel refuses it.
    package init(nanoseconds: Int64) {
        let second: Int64 = 1_000_000_000
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: second)
        self.init(
            tv_sec: Int(rest < 0 ? seconds - 1 : seconds),
            tv_nsec: Int(rest < 0 ? rest + second : rest))
    }
}

extension stat {
    /// When the file's content changed last.
    package var modificationTime: timespec {
        #if canImport(Darwin)
            st_mtimespec
        #else
            st_mtim
        #endif
    }
}
