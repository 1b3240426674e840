/// A directory as a store's command gets it.
package struct UploadTree: Sendable {
    /// The layout of the files.
    package enum Layout: Sendable, Equatable {
        /// The user's own directory.
        case asItIs
        /// A directory of our own, made of links to just the files that may go up.
        case links
        /// Such links below the names of the prefix: `gs://B/a/b` gets `directory/a/b/…`.
        case linksBelowPrefix
    }

    package let directory: String
    package let layout: Layout
    package let files: [TreeScan.File]

    package init(directory: String, layout: Layout, files: [TreeScan.File]) {
        self.directory = directory
        self.layout = layout
        self.files = files
    }

    /// Makes the directory of links that `layout` asks for; it costs one link a file.
    ///
    /// - Throws: `Failure` where it cannot be made.
    static func linked(
        _ files: [TreeScan.File], in directory: String, layout: Layout, prefix: StoreURL
    ) throws -> UploadTree {
        let below =
            layout == .linksBelowPrefix && !prefix.path.isEmpty
            ? "\(directory)/\(prefix.path)" : directory
        try makeDirectories(below)
        for file in files {
            let link = "\(below)/\(file.path)"
            if symlink(file.source, link) == 0 { continue }
            try makeDirectories(parentDirectory(link))
            guard symlink(file.source, link) == 0 else {
                throw systemFailure("cannot prepare the upload of \(quoted(file.source))")
            }
        }
        return UploadTree(directory: directory, layout: layout, files: files)
    }
}
