import Shared

/// `train`: argv in, exit code out.
package enum Launcher {
    package static func main(_ arguments: [String]) async -> Int32 { 0 }
}
