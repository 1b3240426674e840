/// Looks into Python source without running it.
package enum PythonSource {
    /// Whether `text` defines a function `main` at its top level.
    ///
    /// Reads line by line and knows just enough of the language to skip what only looks so: text in
    /// triple quotes, and lines within brackets.
    package static func definesMain(_ text: String) -> Bool {
        var scanner = Scanner()
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            if scanner.isAtStatement && isDefinitionOfMain(line) { return true }
            scanner.read(line)
        }
        return false
    }

    private static func isDefinitionOfMain(_ line: Substring) -> Bool {
        guard let first = line.first, !first.isWhitespace else { return false }
        var words = line.prefix { $0 != "(" && $0 != "[" }.split { $0 == " " || $0 == "\t" }[...]
        if words.first == "async" { words.removeFirst() }
        return Array(words) == ["def", "main"] && line.contains("(")
    }

    /// Where in the source we are at the start of a line.
    private struct Scanner {
        private var openQuote: String?
        private var brackets = 0
        private var continues = false

        var isAtStatement: Bool { openQuote == nil && brackets == 0 && !continues }

        mutating func read(_ line: Substring) {
            var rest = line
            continues = false
            while let character = rest.first {
                if let quote = openQuote {
                    skipString(until: quote, in: &rest)
                } else if character == "#" {
                    return
                } else if character == "\"" || character == "'" {
                    let triple = String(repeating: character, count: 3)
                    openQuote = rest.hasPrefix(triple) ? triple : String(character)
                    rest = rest.dropFirst(openQuote?.count ?? 1)
                } else {
                    if "([{".contains(character) { brackets += 1 }
                    if ")]}".contains(character) { brackets = max(0, brackets - 1) }
                    rest = rest.dropFirst()
                    continues = character == "\\" && rest.isEmpty
                }
            }
            // A plain string ends with its line, unless a backslash carries it on.
            if openQuote?.count == 1, !line.hasSuffix("\\") { openQuote = nil }
        }

        private mutating func skipString(until quote: String, in rest: inout Substring) {
            if rest.hasPrefix(quote) {
                rest = rest.dropFirst(quote.count)
                openQuote = nil
            } else {
                rest = rest.dropFirst(rest.first == "\\" ? 2 : 1)
            }
        }
    }
}
