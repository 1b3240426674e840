import Shared
import Synchronization

/// Collects what a program says on its two streams.
package final class CapturedConsole: Sendable {
    private let texts = Mutex<(output: String, error: String)>(("", ""))

    package init() {}

    package var console: Console {
        Console(
            output: { text in self.texts.withLock { $0.output += text } },
            error: { text in self.texts.withLock { $0.error += text } })
    }

    package var outputs: String { texts.withLock { $0.output } }
    package var errors: String { texts.withLock { $0.error } }
}
