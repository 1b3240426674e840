extension FileWatch {
    /// What happened since the last call of `takeChanges`.
    struct Changes: Equatable {
        /// Directories of the bucket (`output/checkpoint-100`) in which a file was closed or an entry
        /// was made, removed or renamed. One that is gone by now may be among them. Writing into an
        /// open file is not reported.
        var directories: Set<String> = []
        /// Too much happened, or not all of it is known: look everywhere.
        var isEverything = false

        private static let mostNamed = 20_000

        /// Adds a directory in which something happened.
        mutating func note(_ directory: String) {
            if isEverything { return }
            directories.insert(directory)
            if directories.count > Self.mostNamed { self = Self(isEverything: true) }
        }
    }
}
