/// Names of objects below a prefix, which come from buckets and manifests and are hostile.
package enum RelativePath {
    /// Whether `path` stays below the directory it is appended to, whatever that is.
    package static func isSafe(_ path: String) -> Bool {
        !path.isEmpty && !path.utf8.contains(0)
            && path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
                .allSatisfy { part in
                    !part.isEmpty && !part.elementsEqual(".".utf8) && !part.elementsEqual("..".utf8)
                }
    }

    /// - Throws: `Failure` naming the path where it is not safe.
    package static func check(_ path: String) throws {
        guard isSafe(path) else { throw Failure("\(quoted(path)) is no path below a directory") }
    }
}
