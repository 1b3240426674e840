import Shared

/// How much room there is where output is written.
enum DiskSpace {
    /// Below this a warning is given: one more checkpoint of a usual model may not fit.
    static let scarce: Int64 = 2 << 30

    /// Bytes that an ordinary user may still write at `path`; nil where that cannot be told.
    static func free(at path: String) -> Int64? { FreeSpace.bytes(at: path) }
}
