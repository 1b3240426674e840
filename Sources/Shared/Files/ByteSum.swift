extension Sequence<Int64> {
    /// The sum of sizes that come from a document or a file system, without overflow.
    ///
    /// It stays at its greatest value where it would overflow: a sparse file alone can claim 8 EiB.
    /// What is below zero (rclone's "not known") counts for nothing.
    package var byteSum: Int64 {
        reduce(0) { sum, size in
            let (more, isTooMuch) = sum.addingReportingOverflow(Swift.max(0, size))
            return isTooMuch ? .max : more
        }
    }
}
