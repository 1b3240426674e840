/// How gsutil and gcloud storage must be told a name so that they take it as it is.
///
/// Measured with gsutil 5.34 and gcloud storage; Tests/Emulators/FACTS.md has the runs.
enum GoogleNames {
    /// Whether the tools take the end of this name for an object's generation: `ck#123`.
    ///
    /// rsync sends such a file as `ck`, over a real one, and says nothing.
    static func looksVersioned(_ path: String) -> Bool {
        let bytes = path.utf8
        guard let mark = bytes.lastIndex(of: UInt8(ascii: "#")) else { return false }
        let digits = bytes[bytes.index(after: mark)...]
        return !digits.isEmpty && digits.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// Whether a name would be read as a pattern.
    static func hasWildcard(_ path: String) -> Bool {
        path.utf8.contains { "*?[]".utf8.contains($0) }
    }

    /// A pattern that matches this one name: every special character as a class of its own.
    static func escaped(_ name: String) -> String {
        let text = withoutWildcards(name)
        guard looksVersioned(name), let mark = text.lastIndex(of: "#") else { return text }
        return text.replacingCharacter(at: mark, with: "[#]")
    }

    /// Every special character of a glob as a class of its own; Python's fnmatch reads it so too.
    static func escapedWildcards(_ name: String) -> String { withoutWildcards(name) }

    private static func withoutWildcards(_ name: String) -> String {
        var text = ""
        for character in name.unicodeScalars {
            if "*?[]".unicodeScalars.contains(character) {
                text += "[\(character)]"
            } else {
                text.unicodeScalars.append(character)
            }
        }
        return text
    }

    /// An object as a line of `rm -I`, which strips blanks from the ends.
    ///
    /// rm misreads `ck#123` even as a pattern; with its generation behind it, it is exact.
    static func line(_ url: StoreURL, generation: String?) -> String {
        if let generation {
            return "gs://\(url.bucket)/\(withoutWildcards(url.path))#\(generation)"
        }
        let text = escaped(url)
        return text.hasSuffix(" ") ? text.dropLast() + "[ ]" : text
    }

    static func escaped(_ url: StoreURL) -> String {
        "gs://\(url.bucket)" + (url.path.isEmpty ? "" : "/\(escaped(url.path))")
    }

    /// Both write to `NAME_.gstmp` until a file is whole.
    static let longestTreeName = 255 - 7

    /// What a tree command must leave alone, as a regular expression: names that it takes for a
    /// version, folders made by a web console, names that would lead out of the directory (it follows
    /// them), and these.
    ///
    /// - Parameter paths: as many as one argument of a command holds; the command fails of the others.
    static func excludedFromTrees(and paths: [String]) -> String {
        var pattern = #".*#[0-9]+$|.*/$|(.*/)?\.\.(/|$)"#
        for path in paths where pattern.utf8.count < 100_000 {
            pattern += "|" + literally(path) + "$"
        }
        return pattern
    }

    /// As Python's re.escape does it.
    static func literally(_ name: String) -> String {
        var text = String.UnicodeScalarView()
        for scalar in name.unicodeScalars {
            let isPlain =
                !scalar.isASCII || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
            if !isPlain { text.append("\\") }
            text.append(scalar)
        }
        return String(text)
    }
}

extension String {
    fileprivate func replacingCharacter(at index: Index, with text: String) -> String {
        self[..<index] + text + self[self.index(after: index)...]
    }
}
