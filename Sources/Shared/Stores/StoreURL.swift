/// Where objects live: `gs://bucket/prefix`, `s3://…`, `az://account/container/prefix`, `file:///dir`.
package struct StoreURL: Sendable, Hashable, CustomStringConvertible {
    package var scheme: String
    /// The bucket; empty for `file`.
    package var bucket: String
    /// The prefix without slashes at its ends; for `file` an absolute path.
    package var path: String

    package init(scheme: String, bucket: String, path: String) {
        self.scheme = scheme
        self.bucket = bucket
        self.path = path
    }

    /// Reads a URL; an absolute or relative path is a `file` URL.
    ///
    /// - Throws: `Failure` with exit code 2 naming what is wrong.
    package init(parsing text: String) throws {
        let hint = "give \(StoreRegistry.examples)"
        guard !text.isEmpty, !text.unicodeScalars.contains(where: { $0.value < 0x20 }) else {
            throw Failure.usage("\(quoted(text)) is not a place for objects", hint: hint)
        }
        guard let separator = text.firstRange(of: "://") else {
            self.init(scheme: "file", bucket: "", path: Self.absolutePath(text))
            return
        }
        let scheme = String(text[..<separator.lowerBound])
        let rest = text[separator.upperBound...]
        if scheme == "file" {
            guard rest.hasPrefix("/") else {
                throw Failure.usage("\(quoted(text)) needs an absolute path: file:///DIRECTORY")
            }
            self.init(scheme: scheme, bucket: "", path: Self.absolutePath(String(rest)))
            return
        }
        let parts = rest.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        guard StoreRegistry.schemes.contains(scheme) else {
            throw Failure.usage(
                "\(quoted(text)): no store has the scheme \(quoted(scheme))", hint: hint)
        }
        guard let bucket = parts.first, !parts.contains(".."), !parts.contains("."),
            bucket.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) })
        else {
            throw Failure.usage("\(quoted(text)) does not name a bucket", hint: hint)
        }
        self.init(scheme: scheme, bucket: bucket, path: parts.dropFirst().joined(separator: "/"))
    }

    /// Reads where something is to be written. A bare word is not taken for a directory: it may be
    /// the name of a bucket, and what was meant to leave the machine would stay on it.
    ///
    /// - Throws: `Failure` with exit code 2 naming both ways to write it.
    package init(destination text: String) throws {
        let isPath = text.hasPrefix("/") || text.hasPrefix("./") || text.hasPrefix("../")
        guard isPath || text.contains("://") || text.isEmpty || text == "." || text == ".." else {
            throw Failure.usage(
                text.hasPrefix("~")
                    ? "\(quoted(text)): the shell has not put your home directory in place of ~"
                    : "\(quoted(text)) is neither a URL nor a path",
                hint: text.hasPrefix("~")
                    ? "write $HOME in its place"
                    : "give gs://\(text) for a bucket, or ./\(text) for a directory")
        }
        try self.init(parsing: text)
    }

    package var description: String {
        scheme == "file"
            ? "file://\(path)"
            : ["\(scheme):/", bucket, path].filter { !$0.isEmpty }.joined(separator: "/")
    }

    /// The place `name` below this one.
    package func appending(_ name: String) -> StoreURL {
        StoreURL(scheme: scheme, bucket: bucket, path: path.isEmpty ? name : path + "/" + name)
    }

    /// Made absolute against the working directory, without `.`, `..` or doubled slashes.
    package static func absolutePath(_ path: String) -> String {
        let full =
            path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        var parts: [Substring] = []
        for part in full.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}
