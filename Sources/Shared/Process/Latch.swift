import Synchronization

/// False until it is set; never false again.
package final class Latch: Sendable {
    private let flag = Mutex(false)

    package init() {}

    package func set() { flag.withLock { $0 = true } }
    package var isSet: Bool { flag.withLock { $0 } }
}
