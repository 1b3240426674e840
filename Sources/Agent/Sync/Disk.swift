import CPosix
import Shared

/// The disk below the page cache.
enum Disk {
    /// Returns once all that was written to the file systems of these directories is on their disks.
    ///
    /// On a thread of its own: a trainer can have written more than a disk takes in a minute, and the
    /// status must go on meanwhile.
    static func flush(_ directories: [String]) async {
        await offTaskThreads {
            var flushed = Set<UInt64>()
            for directory in directories {
                var information = stat()
                guard stat(directory, &information) == 0,
                    flushed.insert(UInt64(information.st_dev)).inserted
                else { continue }
                cposix_flush(directory)
            }
        }
    }

    /// The same of one file alone.
    static func flush(file: String) async {
        await offTaskThreads {
            let descriptor = systemOpen(file, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return }
            fsync(descriptor)
            close(descriptor)
        }
    }
}
