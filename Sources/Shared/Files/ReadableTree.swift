/// Whether every directory of a tree can be listed.
///
/// A program that looks for its files finds none in a directory that it may not read, mostly without
/// a word: a class of a dataset would be missing in the model.
package enum ReadableTree {
    /// Walks through the directories below `root`, links followed, each once.
    ///
    /// - Throws: `Failure` naming the first that cannot be read.
    package static func check(_ root: String) throws {
        var seen: Set<Place> = []
        var waiting = [root]
        while let directory = waiting.popLast() {
            guard let place = Place(directory), seen.insert(place).inserted else { continue }
            guard let stream = opendir(directory) else {
                throw systemFailure("cannot read the directory \(quoted(directory))")
            }
            defer { closedir(stream) }
            while let entry = readdir(stream) {
                guard let name = fileName(of: entry), name != ".", name != ".." else { continue }
                let type = Int32(entry.pointee.d_type)
                // Some file systems leave the type to stat(2) (readdir(3)).
                let mayLead = [Int32(DT_DIR), Int32(DT_LNK), Int32(DT_UNKNOWN)].contains(type)
                let path = directory + "/" + name
                if mayLead, isDirectory(path) { waiting.append(path) }
            }
        }
    }

    /// A directory, whatever name led to it.
    private struct Place: Hashable {
        let device: UInt64
        let inode: UInt64

        init?(_ path: String) {
            var information = stat()
            guard stat(path, &information) == 0 else { return nil }
            device = UInt64(truncatingIfNeeded: information.st_dev)
            inode = UInt64(information.st_ino)
        }
    }
}
