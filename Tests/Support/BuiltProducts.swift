import Shared

/// The executables of this build: end-to-end tests run them as a user does.
package enum BuiltProducts {
    package static let agent = directory + "/train-agent"
    package static let launcher = directory + "/train"

    /// The folder that holds the test bundle holds the products too.
    private static let directory: String = {
        let arguments = ProcessInfo.processInfo.arguments
        // `swift test` runs a helper with the bundle's path in its arguments, or the bundle itself.
        let bundle = arguments.first { $0.hasSuffix(".xctest") } ?? arguments[0]
        var folder = parentDirectory(StoreURL.absolutePath(bundle))
        while folder != "/", !exists(folder + "/train-agent") { folder = parentDirectory(folder) }
        return folder
    }()

    /// The root of the repository, from this file's own place in it.
    package static let repository = parentDirectory(parentDirectory(parentDirectory(#filePath)))
}
