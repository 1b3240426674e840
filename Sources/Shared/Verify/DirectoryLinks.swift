/// The links to directories that a manifest tells of, made again where its files came back.
///
/// A manifest comes from a bucket: whoever wrote it may want a link out of the tree, or a second one
/// made through the first. So a link is made only between two places of one tree that no link leads
/// to, and only to a directory that is there.
package struct DirectoryLinks {
    private let links: [Manifest.Link]
    /// The directory of a tree, such as `output`.
    private let root: (String) -> String

    /// - Parameter root: where the files of a tree are.
    package init(_ manifest: Manifest, root: @escaping (String) -> String) {
        links = manifest.links
        self.root = root
    }

    /// The trees in which links are made; those of code and datasets lead anywhere.
    private static let trees = [BucketLayout.output, BucketLayout.logs]

    /// A link that may be there.
    private struct Place {
        var path: String
        /// Relative to the link's own directory.
        var text: String
        var target: String
    }

    /// Makes the links that are not there.
    ///
    /// - Returns: a line for each that could not be made.
    package func make() -> [String] {
        links.compactMap { link in
            guard let place = place(of: link) else {
                return "\(quoted(link.path)), a link, has no place in its tree"
            }
            if exists(place.path) { return nil }
            guard isReal(place.target, in: link.target) else {
                return
                    "\(quoted(link.path)) is a link to \(quoted(link.target)), which is not there"
            }
            if symlink(place.text, place.path) == 0 { return nil }
            return "\(quoted(link.path)), a link, cannot be made: \(errorText())"
        }
    }

    /// Removes those that an earlier call has made: a download does not go on where links are.
    package func remove() {
        for link in links {
            guard let place = place(of: link), Self.text(of: place.path) == place.text else {
                continue
            }
            unlink(place.path)
        }
    }

    /// nil where the manifest may not ask for it, or nothing is there to hold it.
    private func place(of link: Manifest.Link) -> Place? {
        guard ManifestPath.objection(to: link.path) == nil,
            ManifestPath.objection(to: "\(link.target)/x") == nil,
            let tree = Self.trees.first(where: { link.path.utf8.starts(with: "\($0)/".utf8) }),
            link.target.utf8.starts(with: "\(tree)/".utf8), link.target != link.path
        else { return nil }
        let path = "\(root(tree))/\(link.path.dropFirst(tree.count + 1))"
        guard isReal(parentDirectory(path), in: parentDirectory(link.path)) else { return nil }
        return Place(
            path: path, text: Self.text(from: link.path, to: link.target),
            target: "\(root(tree))/\(link.target.dropFirst(tree.count + 1))")
    }

    /// Whether a directory is there that no link below its tree's own directory leads to.
    private func isReal(_ directory: String, in path: String) -> Bool {
        let parts = path.split(separator: "/", maxSplits: 1)
        guard let tree = parts.first, let real = realPath(root(String(tree))),
            isDirectory(directory)
        else { return false }
        return realPath(directory) == (parts.count == 1 ? real : "\(real)/\(parts[1])")
    }

    private static func text(of link: String) -> String? {
        var bytes = [CChar](repeating: 0, count: 4096)
        let count = readlink(link, &bytes, bytes.count)
        guard count > 0 else { return nil }
        return String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// `step-300` from `output/latest` to `output/step-300`; `../a` from `output/b/l` to `output/a`.
    private static func text(from path: String, to target: String) -> String {
        var base = parentDirectory(path).split(separator: "/")[...]
        var rest = target.split(separator: "/")[...]
        while let first = base.first, rest.count > 1, rest.first == first {
            base = base.dropFirst()
            rest = rest.dropFirst()
        }
        return (base.map { _ in ".." } + rest).joined(separator: "/")
    }
}
