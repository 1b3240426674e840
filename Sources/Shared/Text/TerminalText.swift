/// Text of unknown origin on its way to a terminal.
///
/// A status, a bucket's listing and a tool's error hold text that others chose. Escape sequences
/// move the cursor and set the window's title, U+009B begins one too (ECMA-48), the bidirectional
/// controls reorder what is read (Unicode UAX #9), and invisible characters hide a difference.
extension Unicode.Scalar {
    /// Whether the scalar steers a terminal, reorders a line or takes no room in it.
    package var steersTerminal: Bool {
        switch value {
        case 0x00...0x1F, 0x7F...0x9F: true
        // The Arabic letter mark; zero width; marks of direction; line and paragraph separators.
        case 0x061C, 0x200B...0x200F, 0x2028...0x202E: true
        // Word joiner, invisible operators, isolates, deprecated format characters; byte order mark.
        case 0x2060...0x206F, 0xFEFF: true
        // Interlinear annotations; language tags.
        case 0xFFF9...0xFFFB, 0xE0000...0xE007F: true
        default: false
        }
    }
}

/// `text` without characters that steer a terminal; line breaks and tabs stay.
package func harmless(_ text: String) -> String {
    String(
        String.UnicodeScalarView(
            text.unicodeScalars.filter { $0 == "\n" || $0 == "\t" || !$0.steersTerminal }))
}

/// `text` as one line: what would begin another one, or move within it, is a space.
///
/// For table cells and every place where a line break has a meaning: a line break in a status must
/// not forge a row of a table.
package func oneLine(_ text: String) -> String {
    let breaks: Set<Unicode.Scalar> = [
        "\n", "\r", "\t", "\u{0B}", "\u{0C}", "\u{85}", "\u{2028}", "\u{2029}",
    ]
    let spaced = text.unicodeScalars.map { breaks.contains($0) ? " " : $0 }
    return String(String.UnicodeScalarView(spaced.filter { !$0.steersTerminal }))
}

/// `text` in quotes with the characters that steer a terminal made visible, for one-line messages.
package func quoted(_ text: String) -> String {
    let shown = text.unicodeScalars.prefix(80).map { scalar in
        scalar.steersTerminal ? scalar.escaped(asASCII: true) : String(scalar)
    }
    return "'" + shown.joined() + (text.unicodeScalars.count > 80 ? "…'" : "'")
}

/// `text` on one line of at most 500 characters, for the summary of an error.
package func harmlessLine(_ text: String) -> String {
    String(String.UnicodeScalarView(oneLine(text).unicodeScalars.prefix(500)))
}
