/// `--command`: one line of the user's own shell, with placeholders for what only the machine knows.
///
/// `{dataset_directory}`, `{output_directory}`, `{logs_directory}` and `{code_directory}` become the
/// paths, quoted for the shell; `{if_resumed: TEXT}` becomes `TEXT` where the output directory holds
/// a file when the program starts, otherwise nothing. Every other brace is the shell's and stays.
package struct CommandTemplate: Sendable, Equatable {
    /// What the placeholders stand for.
    package struct Values: Sendable {
        package var directories: Job.Directories
        package var isResumed: Bool

        package init(directories: Job.Directories, isResumed: Bool) {
            self.directories = directories
            self.isResumed = isResumed
        }
    }

    private typealias Path = KeyPath<Job.Directories, String> & Sendable

    private static let paths: [(name: String, path: any Path)] = [
        ("dataset_directory", \.dataset), ("output_directory", \.output),
        ("logs_directory", \.logs), ("code_directory", \.code),
    ]
    private static let condition = "{if_resumed:"

    /// The names that may stand in braces.
    package static let placeholders = paths.map { "{\($0.name)}" }

    package let text: String

    package init(_ text: String) { self.text = text }

    /// What is wrong with the line: the rest of a sentence that begins with its name. Nil: nothing.
    package var objection: String? {
        if text.allSatisfy(\.isWhitespace) { return "is empty" }
        if text.unicodeScalars.contains("\u{0}") { return "holds a zero byte" }
        var rest = text[...]
        while let start = rest.firstRange(of: Self.condition) {
            guard let end = Self.end(of: rest[start.upperBound...]) else {
                return "has no closing brace for \(Self.condition)"
            }
            rest = rest[end...]
        }
        return nil
    }

    /// A sentence for each word in braces that looks like a misspelled placeholder.
    ///
    /// Such a word would stay unchanged, and a training would write into a directory of that name.
    package var doubts: [String] {
        text.matches(of: /\$?\{([a-z_]+)\}/).compactMap { match in
            let found = String(match.0)
            guard let near = Spelling.nearest(to: String(match.1), among: Self.paths.map(\.name)),
                found != "{\(near)}"
            else { return nil }
            return "\(found) is no placeholder and stays as it is; did you mean {\(near)}?"
        }
    }

    /// The line as bash gets it.
    package func expanded(_ values: Values) -> String {
        var quoting = ShellQuoting()
        return Self.expanded(text[...], values, &quoting)
    }

    private static func expanded(
        _ text: Substring, _ values: Values, _ quoting: inout ShellQuoting
    ) -> String {
        var result = ""
        var rest = text
        var previous: Character?
        while let character = rest.first {
            // `${…}` is a variable of the shell's.
            if character == "{", previous != "$" {
                if let (path, after) = placeholder(at: rest) {
                    result += quoting.written(values.directories[keyPath: path])
                    rest = after
                    previous = "}"
                    continue
                }
                if rest.hasPrefix(condition),
                    let end = end(of: rest.dropFirst(condition.count))
                {
                    let inner = rest.dropFirst(condition.count).prefix(upTo: end).dropLast()
                    if values.isResumed {
                        result += expanded(trimmed(inner), values, &quoting)
                    }
                    rest = rest[end...]
                    previous = "}"
                    continue
                }
            }
            quoting.read(character)
            result.append(character)
            previous = character
            rest = rest.dropFirst()
        }
        return result
    }

    /// One argument of a program, with the paths in place of their placeholders as they are: no shell
    /// reads it.
    package static func argument(_ text: String, _ directories: Job.Directories) -> String {
        var result = ""
        var rest = text[...]
        var previous: Character?
        while let character = rest.first {
            if character == "{", previous != "$", let (path, after) = placeholder(at: rest) {
                result += directories[keyPath: path]
                rest = after
                previous = "}"
                continue
            }
            result.append(character)
            previous = character
            rest = rest.dropFirst()
        }
        return result
    }

    private static func placeholder(at rest: Substring) -> (path: any Path, after: Substring)? {
        for (name, path) in paths where rest.hasPrefix("{\(name)}") {
            return (path, rest.dropFirst(name.count + 2))
        }
        return nil
    }

    /// The index after the brace that closes the one before `text`; nil if none closes it.
    private static func end(of text: Substring) -> Substring.Index? {
        var depth = 1
        for index in text.indices {
            if text[index] == "{" { depth += 1 }
            if text[index] == "}" { depth -= 1 }
            if depth == 0 { return text.index(after: index) }
        }
        return nil
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
