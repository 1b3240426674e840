import Shared

/// A directory for one test; gone with it.
package final class Scratch: Sendable {
    package let path: String
    private let directory: TemporaryDirectory

    package init() throws {
        directory = try TemporaryDirectory(prefix: "train-test")
        // Without links, so that a path can be compared with what a program says of itself.
        path = realPath(directory.path) ?? directory.path
    }

    deinit { directory.remove() }

    /// Writes a file below the directory, its parents too, and returns its path.
    @discardableResult
    package func write(_ text: String, to name: String, mode: mode_t = 0o644) throws -> String {
        let file = path + "/" + name
        try makeDirectories(parentDirectory(file))
        try AtomicFile.write(Data(text.utf8), to: file, mode: mode)
        return file
    }

    /// The text of a file below the directory; nil where there is none.
    package func read(_ name: String) -> String? {
        (try? readFile(path + "/" + name)).map { String(decoding: $0, as: UTF8.self) }
    }
}
