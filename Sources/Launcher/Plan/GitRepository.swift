import Shared

/// A git repository on disk, read as data.
///
/// Its configuration, hooks and attributes name programs that git starts, so git never runs with
/// them. The layout is that of gitrepository-layout(5).
struct GitRepository: Sendable, Equatable {
    /// The work tree's top directory.
    let root: String
    /// Holds HEAD and the index; a linked work tree and a submodule have it elsewhere than in `root`.
    let directory: String
    /// Holds objects and branches, which linked work trees share.
    let common: String

    /// The one that `path`, whose links are resolved, lies in; nil where no parent has one.
    static func containing(_ path: String) -> GitRepository? {
        var place = path
        while true {
            if let found = GitRepository(root: place) { return found }
            let parent = parentDirectory(place)
            guard parent != place, place != "." else { return nil }
            place = parent
        }
    }

    /// The one whose `.git` stands in `root`; nil where that is none.
    init?(root: String) {
        let dotGit = root + "/.git"
        let directory: String
        if isDirectory(dotGit) {
            directory = dotGit
        } else if let text = Self.line(of: dotGit), text.hasPrefix("gitdir: ") {
            directory = Self.path(String(text.dropFirst("gitdir: ".count)), from: root)
        } else {
            return nil
        }
        guard exists(directory + "/HEAD") else { return nil }
        self.root = root
        self.directory = directory
        common =
            Self.line(of: directory + "/commondir").map { Self.path($0, from: directory) }
            ?? directory
    }

    /// The hash of the commit that HEAD names; nil before the first commit, and where HEAD does not
    /// read.
    func commit() -> String? {
        var name = "HEAD"
        // A reference may name another one, though hardly a fifth.
        for _ in 0..<5 {
            guard let text = loose(name) ?? packed(name) else { return nil }
            guard text.hasPrefix("ref:") else { return Self.isHash(text) ? text : nil }
            name = String(text.dropFirst("ref:".count).drop { $0 == " " })
            guard Self.isReference(name) else { return nil }
        }
        return nil
    }

    /// A reference in a file of its own.
    private func loose(_ name: String) -> String? {
        Self.line(of: directory + "/" + name) ?? Self.line(of: common + "/" + name)
    }

    /// A reference in the file that `git gc` packs them into: `HASH NAME` in each line.
    private func packed(_ name: String) -> String? {
        guard let data = try? readRegularFile(common + "/packed-refs", limit: 64 << 20) else {
            return nil
        }
        let ending = Array(" \(name)".utf8)
        let line = data.split(separator: 0x0A).first { line in
            line.suffix(ending.count).elementsEqual(ending)
        }
        return line.map { String(decoding: $0.dropLast(ending.count), as: UTF8.self) }
    }

    /// The first line of a short file; nil where that cannot be read, which is the same as no file.
    private static func line(of path: String) -> String? {
        guard let data = try? readRegularFile(path, limit: 4096) else { return nil }
        return String(decoding: data, as: UTF8.self)
            .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).first
            .map(String.init)
    }

    private static func path(_ text: String, from directory: String) -> String {
        text.hasPrefix("/") ? text : directory + "/" + text
    }

    /// Whether a name stays below `refs/`, whatever a file says.
    private static func isReference(_ name: String) -> Bool {
        name.hasPrefix("refs/")
            && !name.split(separator: "/", omittingEmptySubsequences: false)
                .contains { $0.isEmpty || $0.hasPrefix(".") }
            && name.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F }
    }

    /// SHA-1 or SHA-256.
    private static func isHash(_ text: String) -> Bool {
        [40, 64].contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
