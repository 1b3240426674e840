import Shared

extension Scanner {
    /// What one walk found besides the files themselves.
    struct Report {
        /// A line for each entry seen for the first time that can never go up.
        var skipped: [String] = []
        /// Directories that could not be read to their end, with the reason.
        var unread: [String] = []
        /// What was not seen is really gone.
        var isComplete: Bool { unread.isEmpty }
        /// Directories with nothing in them, the first ten thousand.
        var emptyDirectories: [String] = []
        /// Links to directories of the same tree, sorted, ten thousand at most.
        var links: [Manifest.Link] = []
        /// Files seen in output and logs, excluded ones not counted.
        var files = 0
        private static let mostLinks = 10_000

        /// Notes a link to a directory of its own tree.
        ///
        /// - Parameters:
        ///   - path: of the bucket.
        ///   - realRoot: the tree's directory, links resolved.
        /// - Returns: false where it cannot be made again elsewhere.
        mutating func note(linkToDirectory path: [UInt8], below realRoot: String) -> Bool {
            guard links.count < Self.mostLinks, let link = String(validating: path, as: UTF8.self),
                ManifestPath.objection(to: link) == nil,
                let target = realPath(realRoot + link.drop { $0 != "/" }),
                target.utf8.starts(with: "\(realRoot)/".utf8)
            else { return false }
            let place = link.prefix { $0 != "/" } + target.dropFirst(realRoot.count)
            guard ManifestPath.objection(to: "\(place)/x") == nil else { return false }
            links.append(Manifest.Link(path: link, target: String(place)))
            return true
        }
    }
}
