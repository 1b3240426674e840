import CPosix
import Shared

/// What the place can do that progress is written to.
struct Terminal: Sendable, Equatable {
    /// A line can be written over: a terminal, and not a dumb one.
    var isInteractive: Bool
    var width: Int
    var hasColour: Bool

    /// A pipe or a file: plain lines, nothing written over.
    static let plain = Terminal(isInteractive: false, width: 100, hasColour: false)

    /// Colour is off where NO_COLOR says so (no-color.org).
    static func detect(descriptor: Int32, environment: [String: String]) -> Terminal {
        guard isatty(descriptor) == 1, environment["TERM"] != "dumb" else { return .plain }
        let width = Int(cposix_terminal_width(descriptor))
        let wantsColour = (environment["NO_COLOR"] ?? "").isEmpty
        return Terminal(
            isInteractive: true, width: width > 20 ? width : 80, hasColour: wantsColour)
    }

    /// The colours we use: what went well, what did not, and what to look at.
    enum Colour: String { case green = "32", red = "31", yellow = "33" }

    func coloured(_ text: String, _ colour: Colour) -> String {
        hasColour ? "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m" : text
    }
}
