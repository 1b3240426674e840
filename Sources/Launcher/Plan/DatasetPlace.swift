import Shared

/// Where the dataset is, as the job says it: a directory read in place, or a store's URL.
enum DatasetPlace: Sendable, Equatable {
    case directory(String)
    case bucket(StoreURL)

    /// A path, or a URL with a scheme; `file://` is a directory too.
    init(_ text: String) throws {
        let url = try StoreURL(parsing: text)
        self = url.scheme == "file" ? .directory(url.path) : .bucket(url)
    }

    var source: String {
        switch self {
        case .directory(let path): path
        case .bucket(let url): url.description
        }
    }

    /// Looks whether it can be read and holds anything.
    ///
    /// - Throws: `Failure` naming the place.
    func check(access: StoreAccess, runner: any CommandRunner) async throws {
        switch self {
        case .directory(let path):
            guard exists(path) else {
                throw Failure(
                    "there is no directory \(quoted(path))",
                    hint: "give a directory, or a bucket such as gs://BUCKET")
            }
            guard isDirectory(path) else {
                throw Failure(
                    "\(quoted(path)) is a file",
                    hint: "give the directory that holds the dataset")
            }
            try ReadableTree.check(path)
            guard try holdsFile(path) else {
                throw Failure(
                    "\(quoted(path)) is empty: no file is in it",
                    hint: "put the dataset there first, or give another directory")
            }
        case .bucket(let url):
            let client = try StoreClient(url: url, access: access, runner: runner)
            guard try await client.holdsObject() else {
                throw Failure(
                    "\(url) is empty: no object is in it",
                    hint: "upload the dataset first, or check the name")
            }
        }
    }
}
