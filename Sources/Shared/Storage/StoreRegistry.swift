/// All kinds of stores, by scheme. A new one is one more row here.
package enum StoreRegistry {
    package static let schemes = ["file", "gs", "s3", "az"]

    /// - Throws: `Failure` with exit code 2 where no store has that scheme or tool.
    package static func store(for url: StoreURL, access: StoreAccess) throws -> any ObjectStore {
        switch url.scheme {
        case "file": return FileStorage(program: access.program ?? OwnProgram.path())
        default: throw Failure.usage("\(url): no store has the scheme \(quoted(url.scheme))")
        }
    }
}
