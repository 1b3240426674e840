import Shared

/// `train-agent`: argv in, exit code out.
package enum Agent {
    package static func main(_ arguments: [String]) async -> Int32 { 0 }
}
