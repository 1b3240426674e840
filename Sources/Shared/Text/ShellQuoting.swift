/// `word` so that a POSIX shell reads it as one word, as Python's `shlex.quote` writes it: bare where
/// no character of it means anything to a shell, otherwise in single quotes.
package func shellQuoted(_ word: String) -> String {
    let isPlain = word.unicodeScalars.allSatisfy { scalar in
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": true
        default: "@%+=:,./-_".unicodeScalars.contains(scalar)
        }
    }
    return isPlain && !word.isEmpty ? word : "'" + word.replacing("'", with: #"'\''"#) + "'"
}

/// Follows a line for bash from left to right, just far enough to know in which quotes it is.
///
/// A value that is put into a user's line must be written for the quotes it stands in: inside double
/// quotes, single quotes are letters (bash(1), QUOTING).
struct ShellQuoting {
    private enum Level {
        case single
        /// `$'…'`, where a backslash escapes.
        case ansi
        case double
        /// `$(…)` and parentheses in it, where quoting begins anew.
        case parenthesis
        case backtick
    }

    private var levels: [Level] = []
    private var isEscaped = false
    private var previous: Unicode.Scalar?

    /// Takes in the next character of the line; a mark on a quote makes it no other sign to a shell.
    mutating func read(_ character: Character) {
        for scalar in character.unicodeScalars { read(scalar) }
    }

    private mutating func read(_ character: Unicode.Scalar) {
        defer { previous = isEscaped ? nil : character }
        if isEscaped {
            isEscaped = false
            return
        }
        switch levels.last {
        case .single:
            if character == "'" { levels.removeLast() }
        case .ansi:
            if character == "\\" { isEscaped = true }
            if character == "'" { levels.removeLast() }
        case .double:
            if character == "\"" { levels.removeLast() } else { readUnquoted(character) }
        case .parenthesis, .backtick, nil:
            readQuote(character)
        }
    }

    private mutating func readQuote(_ character: Unicode.Scalar) {
        switch character {
        case "'": levels.append(previous == "$" ? .ansi : .single)
        case "\"": levels.append(.double)
        case "(" where levels.last == .parenthesis: levels.append(.parenthesis)
        case ")" where levels.last == .parenthesis: levels.removeLast()
        default: readUnquoted(character)
        }
    }

    /// What means the same within double quotes and without any.
    private mutating func readUnquoted(_ character: Unicode.Scalar) {
        switch character {
        case "\\": isEscaped = true
        case "(" where previous == "$": levels.append(.parenthesis)
        case "`" where levels.last == .backtick: levels.removeLast()
        case "`": levels.append(.backtick)
        default: break
        }
    }

    /// `value` as it has to be written at this place of the line.
    func written(_ value: String) -> String {
        switch levels.last {
        case .single: value.replacing("'", with: #"'\''"#)
        case .ansi: escaped(value, #"\'"#)
        case .double: escaped(value, #"\"$`"#)
        case .parenthesis, .backtick, nil: shellQuoted(value)
        }
    }

    private func escaped(_ value: String, _ characters: String) -> String {
        var text = ""
        for scalar in value.unicodeScalars {
            if characters.unicodeScalars.contains(scalar) { text.unicodeScalars.append("\\") }
            text.unicodeScalars.append(scalar)
        }
        return text
    }
}
