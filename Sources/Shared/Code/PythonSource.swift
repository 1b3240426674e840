/// Looks into Python source without running it.
package enum PythonSource {
    /// What becomes of a function `main` when `python -m` runs the source.
    package enum Main: Sendable, Equatable {
        /// The top level has no `main`.
        case missing
        /// It is only defined: the program ends at once, and successfully.
        case neverCalled
        /// It is `async` and called like any function, which makes a coroutine and runs nothing.
        case neverAwaited
        case called
    }

    /// Reads line by line and knows just enough of the language to skip what only looks so: text in
    /// quotes, comments, and lines within brackets.
    ///
    /// In doubt it is `called`: what has a test of `__name__`, or starts something else of its own, is
    /// taken for a program.
    package static func main(of text: String) -> Main {
        var scanner = PythonScanner()
        var found = Findings()
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            let isStatement = scanner.isAtStatement
            found.read(scanner.read(line), isStatement: isStatement)
        }
        return found.result
    }

    /// What the top level of a source does, statement by statement.
    private struct Findings {
        private var isDefined = false
        private var isAsync = false
        private var isStarted = false
        private var isCalledBare = false
        private var testsName = false
        /// Names that the source itself defines or assigns.
        private var names: Set<Substring> = []
        /// Whether the lines that are read belong to what runs only when it is called.
        private var isInDefinition = false
        /// Whether they belong to an import, which may bring a main of another file.
        private var isInImport = false

        var result: Main {
            if !isDefined { return .missing }
            if isStarted { return .called }
            if isCalledBare { return isAsync ? .neverAwaited : .called }
            return testsName ? .called : .neverCalled
        }

        /// - Parameter code: a line without its comment and without what stands in quotes.
        mutating func read(_ code: String, isStatement: Bool) {
            if isStatement, let first = code.first, !first.isWhitespace { begin(code) }
            var words = PythonWords(code)
            if isInImport {
                while let word = words.next() { isDefined = isDefined || word == "main" }
            }
            guard !isInDefinition else { return }
            while let word = words.next() {
                // `hydra.main` is another one.
                guard word == "main", words.before != "." else { continue }
                // A statement of its own, also behind a one-line `if`.
                if [nil, ":", ";"].contains(words.before), words.after == "(" {
                    isCalledBare = true
                } else {
                    isStarted = true
                }
            }
        }

        private mutating func begin(_ code: String) {
            var words = PythonWords(code)
            let first = words.next() ?? ""
            isInDefinition =
                ["def", "async", "class", "import", "from"].contains(first) || code.hasPrefix("@")
            isInImport = first == "from"
            switch (first, words.after) {
            case ("async", _), ("def", _):
                let isAsyncDefinition = first == "async" && words.next() == "def"
                guard first == "def" || isAsyncDefinition, let name = words.next() else { return }
                names.insert(name)
                guard name == "main", code.contains("(") else { return }
                isDefined = true
                isAsync = isAsyncDefinition
            case ("if", _):
                while let word = words.next() {
                    if word == "__name__" { testsName = true }
                }
            case (_, "="), (_, ":"):
                names.insert(first)
                // `main = 3` starts nothing.
                isInDefinition = first == "main"
            case (_, "("):
                if first != "main", names.contains(first) { isStarted = true }
            default: break
            }
        }
    }
}

/// The names in a line of Python, one after the other.
private struct PythonWords {
    private var rest: Substring
    /// The last character before the last word that is no blank; nil before the first of a line.
    private(set) var before: Character?
    /// The first character after the last word that is no blank.
    private(set) var after: Character?

    init(_ code: String) { rest = code[...] }

    mutating func next() -> Substring? {
        var last: Character?
        while let character = rest.first, !Self.isOfWord(character) {
            if !character.isWhitespace { last = character }
            rest = rest.dropFirst()
        }
        before = last
        let word = rest.prefix(while: Self.isOfWord)
        rest = rest[word.endIndex...]
        after = rest.first { !$0.isWhitespace }
        return word.isEmpty ? nil : word
    }

    private static func isOfWord(_ character: Character) -> Bool {
        character == "_" || character.isLetter || character.isNumber
    }
}

/// Where in a Python source we are at the start of a line.
private struct PythonScanner {
    private var openQuote: String?
    private var brackets = 0
    private var continues = false

    var isAtStatement: Bool { openQuote == nil && brackets == 0 && !continues }

    /// - Returns: the line without its comment and without what stands in quotes.
    mutating func read(_ line: Substring) -> String {
        var code = ""
        var rest = line
        continues = false
        while let character = rest.first {
            if let quote = openQuote {
                skipString(until: quote, in: &rest)
            } else if character == "#" {
                break
            } else if character == "\"" || character == "'" {
                let triple = String(repeating: character, count: 3)
                openQuote = rest.hasPrefix(triple) ? triple : String(character)
                rest = rest.dropFirst(openQuote?.count ?? 1)
                code.append(character)
            } else {
                if "([{".contains(character) { brackets += 1 }
                if ")]}".contains(character) { brackets = max(0, brackets - 1) }
                rest = rest.dropFirst()
                code.append(character)
                continues = character == "\\" && rest.isEmpty
            }
        }
        // A plain string ends with its line, unless a backslash carries it on.
        if openQuote?.count == 1, !line.hasSuffix("\\") { openQuote = nil }
        return code
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
