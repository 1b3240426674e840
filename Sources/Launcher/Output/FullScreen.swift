import CPosix
import Shared

/// The whole terminal, for as long as a command draws on it; what was there before comes back.
///
/// Alternate screen, no cursor, no automatic line break (xterm's control sequences, which all
/// terminals of today take).
struct FullScreen: Sendable {
    let write: @Sendable (String) -> Void

    func begin() { write("\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l\u{1b}[2J") }

    func end() { write("\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l") }

    /// Draws rows over what is there, without a flicker.
    ///
    /// Each is erased before it is written: after a row that fills its line the cursor still stands on
    /// the last column, which would be erased.
    func draw(_ rows: [String]) {
        write("\u{1b}[H" + rows.map { "\u{1b}[K" + $0 }.joined(separator: "\r\n"))
    }

    /// Columns and rows now: a person may have changed them since the last look.
    static func size(_ descriptor: Int32) -> (width: Int, height: Int) {
        let width = Int(cposix_terminal_width(descriptor))
        let height = Int(cposix_terminal_height(descriptor))
        return (width > 0 ? width : 80, height > 0 ? height : 24)
    }
}
