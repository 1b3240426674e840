import Synchronization

/// The first signal that came, for the task it interrupted.
final class CaughtSignal: Sendable {
    private let first = Mutex<Int32?>(nil)

    func set(_ number: Int32) { first.withLock { $0 = $0 ?? number } }
    var number: Int32? { first.withLock { $0 } }
}
