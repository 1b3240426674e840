import Synchronization

/// False until somebody sets it; never false again.
package final class OneWayFlag: Sendable {
    private let flag = Mutex(false)

    package init() {}

    package func set() { flag.withLock { $0 = true } }
    package var isSet: Bool { flag.withLock { $0 } }
}
