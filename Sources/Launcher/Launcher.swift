import Shared

/// `train`: argv in, exit code out.
package enum Launcher {
    package static func main(_ arguments: [String]) async -> Int32 {
        if arguments.first == FileStoreCommand.name {
            return FileStoreCommand.run(Array(arguments.dropFirst()))
        }
        return 0
    }
}
