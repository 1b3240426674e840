import CPosix
import Shared

/// What the kernel reported of one name in a watched directory.
struct FileEvent {
    enum Kind {
        /// A descriptor that could write to the file was closed.
        case closed
        /// The file, or a directory above it, was renamed to where it is.
        case renamed
        /// Something was made, removed or renamed here.
        case changed
    }

    var kind: Kind
    /// As in object paths: `output/checkpoint-100`.
    var directory: String
    /// nil for `changed`, and where the file is gone or was renamed since.
    var file: ObservedFile?
    var writer = ClosedFiles.Writer.unknown
    /// The process that made it, where the kernel says so.
    var pid: Int32?
}

/// A regular file as stat(2) saw it.
struct ObservedFile {
    var identity: WriterDetector.Identity
    var version: FileVersion

    /// nil where it is no regular file.
    init?(_ information: stat) {
        guard information.st_mode & S_IFMT == S_IFREG else { return nil }
        identity = WriterDetector.Identity(information)
        version = FileVersion(information)
    }

    /// The file at `path` itself, not what a link there leads to.
    init?(at path: String) {
        var information = stat()
        guard lstat(path, &information) == 0 else { return nil }
        self.init(information)
    }
}

/// What one read from the kernel gave.
struct EventBatch {
    var events: [FileEvent] = []
    /// The kernel had nothing more.
    var isEmpty = false
    /// Events were lost.
    var isIncomplete = false
    /// Somebody opened a file: there may be a process that was not known before.
    var sawOpening = false
    /// What a person should know, once.
    var notes: [String] = []
}

/// Where events come from. Not Sendable: the reader alone uses it.
protocol FileEventSource: AnyObject {
    /// For the log: what it is, and what it can tell.
    var name: String { get }
    /// Becomes readable when there are events.
    var descriptor: Int32 { get }
    /// Every directory below the roots is watched.
    var coversAll: Bool { get }
    /// Events have their process. One of another PID namespace is unknown even so, and counts for nothing.
    var knowsWriters: Bool { get }
    /// Reads and translates what fits into one buffer; never waits.
    func next() -> EventBatch
}
