import Shared

/// What one sync moved, and what not.
struct TransferResult {
    var files = 0
    var bytes: Int64 = 0
    /// Their hard links changed under the transfer: to be sent again, by a copy.
    var torn: [PendingUpload] = []
    /// What could not be frozen, and why.
    var failures: [Failure] = []
    /// Files that were to go up and did not, for reasons that the next sync will not have.
    var left = 0
    /// Those of them that were being written to.
    var unstable: [String] = []

    /// Counts what did not go up because it was being written to.
    mutating func recordUnstable(_ path: String) {
        left += 1
        unstable.append(path)
    }
}

/// An object that a transfer has brought up.
struct UploadedObject {
    var path: String
    /// Of the file it was taken from, by its own object's name.
    var origin: String
    /// Of the file when it was frozen.
    var frozen: FileVersion
    var up: FileTable.Uploaded
    var isPartial: Bool
}
