import CPosix

/// The disk below the page cache.
package enum Disk {
    /// Returns once all that was written to the file systems of these directories is on their disks.
    ///
    /// On a thread of its own: a trainer can have written more than a disk takes in a minute, and the
    /// status must go on meanwhile.
    package static func flush(_ directories: [String]) async {
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
    package static func flush(file: String) async {
        await offTaskThreads {
            let descriptor = open(file, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return }
            fsync(descriptor)
            close(descriptor)
        }
    }

    /// The same for one directory, before the only other copy is removed.
    ///
    /// - Throws: `Failure` where the disk did not take all that was written to it: a write that the
    ///   page cache took can fail hours later.
    package static func keep(_ directory: String) async throws {
        let code = await offTaskThreads { cposix_flush(directory) == 0 ? 0 : errno }
        guard code == 0 else {
            throw systemFailure("the disk of \(quoted(directory)) did not keep it", code: code)
        }
    }
}
