import Shared

/// The `.gitignore` and `.trainignore` files that count at one place of a tree.
///
/// They are read as data: git itself, which runs what a repository configures, is not asked.
struct IgnoreFiles: Sendable {
    /// In a directory the second takes precedence.
    static let names = [".gitignore", ".trainignore"]
    private static let largest = 1 << 20
    /// Directories between the code and the top of its repository.
    private static let mostParents = 20

    private struct File {
        var name: String
        var rules: [IgnoreRule]
        /// What lies between the file's directory and the code's; empty where it is in the code.
        var above: [String]
        /// Directories between the code's and the file's.
        var depth: Int
    }

    private var files: [File] = []

    /// Those above the code, up to the top of the repository that it is a part of.
    init(above code: String) {
        guard let real = realPath(code) else { return }
        var found: [File] = []
        var (directory, above) = (real, [String]())
        for _ in 0..<Self.mostParents where !exists(directory + "/.git") {
            guard directory != "/" else { return }
            above.insert(fileName(of: directory), at: 0)
            directory = parentDirectory(directory)
            found = Self.read([".gitignore"], in: directory, above: above, depth: 0) + found
        }
        if exists(directory + "/.git") { files = found }
    }

    /// With those of one more directory of the tree.
    ///
    /// - Parameter depth: directories between the code's and this one.
    func adding(_ directory: String, depth: Int) -> IgnoreFiles {
        var copy = self
        copy.files += Self.read(Self.names, in: directory, above: [], depth: depth)
        return copy
    }

    private static func read(
        _ names: [String], in directory: String, above: [String], depth: Int
    ) -> [File] {
        names.compactMap { name in
            guard let data = try? readRegularFile(directory + "/" + name, limit: largest) else {
                return nil
            }
            let rules = String(decoding: data, as: UTF8.self)
                .split(whereSeparator: \.isNewline).compactMap(IgnoreRule.init)
            return File(name: name, rules: rules, above: above, depth: depth)
        }
    }

    /// The name of the file that leaves `path` out; nil where none does. The last line that matches
    /// decides.
    func source(ignoring path: [String], isDirectory: Bool) -> String? {
        for file in files.reversed() {
            let place = file.above + path.dropFirst(file.depth)
            let rule = file.rules.last { $0.matches(place[...], isDirectory: isDirectory) }
            if let rule { return rule.isNegated ? nil : file.name }
        }
        return nil
    }
}
