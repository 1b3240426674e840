/// What a store lists below one prefix: what a download of it is measured by.
///
/// A dataset that is silently short makes a wrong training, and every tool has names that it leaves
/// out silently: so names and sizes are listed before and compared after, with every tool.
package struct TreeListing: Sendable {
    package var objects: [StoredObject]
    /// A line for each entry that is not an object, with the reason: a link that leads out
    /// of a directory, a pipe.
    package var leftOut: [String] = []

    private static let mostShown = 20
    /// What an object that is stored compressed may grow to, by a factor, when a tool unpacks it.
    private static let mostGrowth: Int64 = 32

    package init(objects: [StoredObject], leftOut: [String] = []) {
        self.objects = objects
        self.leftOut = leftOut
    }

    /// What a download of it may bring, in bytes.
    package var bytes: Int64 {
        objects.map { object in
            guard object.isEncoded else { return object.size }
            let (size, isTooMuch) = object.size.multipliedReportingOverflow(by: Self.mostGrowth)
            return isTooMuch ? .max : size
        }.byteSum
    }

    /// The part below a directory, its paths as they are below it.
    package func below(_ tree: String) -> TreeListing {
        let start = Array("\(tree)/".utf8)
        let inside = objects.compactMap { object -> StoredObject? in
            guard object.path.utf8.starts(with: start),
                let rest = String(object.path.utf8.dropFirst(start.count))
            else { return nil }
            var object = object
            object.path = rest
            return object
        }
        return TreeListing(objects: inside, leftOut: leftOut)
    }

    /// Whether the objects can be files below one directory.
    ///
    /// - Parameter names: what a file of an object's path may be called on the disk.
    /// - Throws: `Failure` naming the first that cannot.
    func check(_ place: StoreURL, names: (String) -> [String]) throws {
        let hint = "delete that object, or move it to another name"
        var directories = Set<PathKey>()
        for object in objects {
            for name in names(object.path) where !RelativePath.isSafe(name) {
                throw Failure(
                    "\(place) holds \(quoted(name)), which is no path below a directory", hint: hint
                )
            }
            var path = object.path
            while path.contains("/") {
                path = parentDirectory(path)
                guard directories.insert(PathKey(path)).inserted else { break }
            }
        }
        for object in objects where directories.contains(PathKey(object.path)) {
            throw Failure(
                "\(place) holds \(quoted(object.path)) and objects below that name, which no "
                    + "directory can",
                hint: hint)
        }
    }

    /// What a download of it did not bring as it is listed: a line each, naming the object.
    func gaps(in directory: String, names: (String) -> [String]) -> [String] {
        objects.compactMap { object in
            var found: Int64?
            for name in names(object.path) {
                var information = stat()
                guard lstat("\(directory)/\(name)", &information) == 0,
                    information.st_mode & S_IFMT == S_IFREG
                else { continue }
                found = Int64(information.st_size)
                break
            }
            guard let found else { return "\(quoted(object.path)) did not come" }
            guard !object.isEncoded, object.size >= 0, found != object.size else { return nil }
            return "\(quoted(object.path)) has \(found) bytes, \(object.size) are in the store"
        }
    }

    static func failure(of gaps: [String], doing: String, with tool: String) -> Failure {
        let more = gaps.count - mostShown
        return Failure(
            "\(doing): \(tool) did not bring all of it: \(gaps[0])"
                + (gaps.count > 1 ? ", and \(gaps.count - 1) more" : ""),
            detail: (gaps.prefix(mostShown) + (more > 0 ? ["and \(more) more"] : []))
                .joined(separator: "\n"))
    }
}
