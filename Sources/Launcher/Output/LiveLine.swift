import Shared
import Synchronization

/// One line that is written over while something goes on, above it lines that stay.
///
/// In a pipe only the lines that stay are written. The escape sequences are its own alone: what it is
/// told to show is one line without any.
final class LiveLine: Sendable {
    /// What a line that stays begins with.
    enum Mark: String {
        case good = "✓"
        case bad = "✗"
        case warning = "!"

        fileprivate var colour: Terminal.Colour {
            switch self {
            case .good: .green
            case .bad: .red
            case .warning: .yellow
            }
        }
    }

    private let terminal: Terminal
    private let write: @Sendable (String) -> Void
    private let shown = Mutex("")
    private let lastUpdate = Mutex<ContinuousClock.Instant?>(nil)

    /// Faster than anybody reads, slow enough for a link of a few KB/s.
    private static let interval: Duration = .milliseconds(80)

    init(terminal: Terminal, write: @escaping @Sendable (String) -> Void) {
        self.terminal = terminal
        self.write = write
    }

    var isInteractive: Bool { terminal.isInteractive }

    /// Replaces the live line.
    func update(_ text: String) {
        guard terminal.isInteractive, isTime() else { return }
        shown.withLock { shown in
            let line = String(oneLine(text).prefix(terminal.width - 1))
            guard line != shown else { return }
            shown = line
            write("\r\u{1b}[K" + line)
        }
    }

    private func isTime() -> Bool {
        let now = ContinuousClock.now
        return lastUpdate.withLock { last in
            if let last, now - last < Self.interval { return false }
            last = now
            return true
        }
    }

    /// Takes the live line away.
    func clear() {
        lastUpdate.withLock { $0 = nil }
        shown.withLock { shown in
            guard !shown.isEmpty else { return }
            shown = ""
            write("\r\u{1b}[K")
        }
    }

    /// Writes a line that stays; the live line moves below it.
    func say(_ text: String) { stay(oneLine(text)) }

    /// The same behind a coloured mark.
    ///
    /// - Parameter indent: what stands before the mark.
    func say(_ mark: Mark, _ text: String, indent: String = "") {
        stay("\(indent)\(terminal.coloured(mark.rawValue, mark.colour)) \(oneLine(text))")
    }

    private func stay(_ line: String) {
        shown.withLock { shown in
            write((shown.isEmpty ? "" : "\r\u{1b}[K") + line + "\n" + shown)
        }
    }
}
