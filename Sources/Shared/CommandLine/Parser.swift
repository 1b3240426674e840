/// Reads an argv by a command's table.
package enum Parser {
    /// How much of the help is wanted.
    package enum Help: Sendable, Equatable { case short, whole }

    /// Which help `-h` or `--help` before any `--` asks for; nil where there is neither.
    package static func help(in argv: [String]) -> Help? {
        let words = argv.prefix { $0 != "--" }
        if words.contains("--help") { return .whole }
        return words.contains("-h") ? .short : nil
    }

    /// Reads all of `argv`; what is required is checked by `Parsed.checked()`.
    ///
    /// - Throws: `Failure` with exit code 2 naming every flag that is wrong. It never repeats the
    ///   value of a flag that is not known: that may be a secret typed behind a misspelled one.
    package static func parse<Arguments: CommandArguments>(
        _ type: Arguments.Type, _ argv: [String]
    ) throws -> Parsed<Arguments> {
        var parsed = Parsed<Arguments>()
        var words = argv[...]
        var positionals = Arguments.options.filter { $0.description.shape == .positional }[...]
        var mistakes: [Failure] = []
        while let word = words.popFirst() {
            do {
                if word == "--" {
                    let rest = words
                    words = []
                    try parsed.takeRest(rest)
                } else if word.hasPrefix("--") {
                    try parsed.takeFlag(word, followedBy: &words)
                } else if word.hasPrefix("-"), word.count == 2,
                    let option = Arguments.options.first(where: {
                        $0.description.letter == word.last
                    })
                {
                    try parsed.takeFlag(option.description.name, followedBy: &words)
                } else if word.hasPrefix("-") && word.count > 1 {
                    throw Failure.usage(
                        "\(quoted(word)) is not a flag; they all begin with two dashes",
                        hint: "what is meant for your own program goes after --")
                } else if let positional = positionals.first {
                    if !positional.description.isRepeated { positionals.removeFirst() }
                    try parsed.set(positional, to: word)
                } else if mistakes.isEmpty {
                    throw Failure.usage("unexpected argument \(quoted(word))")
                }
            } catch let mistake as Failure {
                mistakes.append(mistake)
            }
        }
        guard let first = mistakes.first else { return parsed }
        guard mistakes.count > 1 else { throw first }
        let lines = mistakes.map { $0.summary + ($0.hint.map { " (\($0))" } ?? "") }
        throw Failure(
            "\(mistakes.count) mistakes in the command", detail: lines.joined(separator: "\n"),
            exit: .usage)
    }
}

/// What an argv said, and which flags were in it.
package struct Parsed<Arguments: CommandArguments>: Sendable {
    private var arguments = Arguments()
    /// Names of the options that have a value by now.
    private var given: Set<String> = []
    /// What each of them was given, as it was typed or stood in a file.
    package private(set) var texts: [String: [String]] = [:]

    /// The arguments, once everything required is there.
    ///
    /// - Throws: `Failure` with exit code 2 naming all that are missing.
    package func checked() throws -> Arguments {
        guard let first = missing.first else { return arguments }
        guard missing.count == 1 else {
            throw Failure.usage("\(missing.map(\.name).joined(separator: ", ")) are missing")
        }
        throw Failure.usage(
            first.isNamed ? "\(first.name) is missing" : "\(first.name) is missing here",
            hint: first.help)
    }

    /// What is required and has no value yet.
    package var missing: [OptionDescription] {
        Arguments.options.map(\.description).filter {
            $0.isRequired && !given.contains($0.name)
        }
    }

    /// One value as given so far, for what has to be known before `checked()`.
    package subscript<Value>(path: KeyPath<Arguments, Value>) -> Value { arguments[keyPath: path] }

    package func has(_ name: String) -> Bool { given.contains(name) }

    /// Whether what is given says in another way what the option `name` would.
    package func replaces(_ name: String) -> Bool {
        Arguments.options.map(\.description).contains {
            given.contains($0.name) && $0.replaces.contains(name)
        }
    }

    /// Sets the option `name` where it has no value yet: what a configuration file says.
    ///
    /// - Returns: false where the table has no such flag.
    package mutating func setDefault(_ name: String, to values: [String]) throws -> Bool {
        let rest = Arguments.options.first {
            $0.description.shape == .rest && $0.description.name == name
        }
        guard let option = Self.option(named: name) ?? rest else { return false }
        guard !given.contains(option.description.name) else { return true }
        for value in values { try apply(option, value) }
        given.insert(option.description.name)
        return true
    }

    fileprivate mutating func set(_ option: Option<Arguments>, to value: String) throws {
        let description = option.description
        guard description.isRepeated || !given.contains(description.name) else {
            throw Failure.usage("\(description.name) is given twice")
        }
        try apply(option, value)
        given.insert(description.name)
    }

    private mutating func apply(_ option: Option<Arguments>, _ value: String) throws {
        let description = option.description
        guard !value.isEmpty || description.shape == .rest else {
            throw Failure.usage("\(description.name) is empty", hint: description.help)
        }
        guard !value.unicodeScalars.contains("\0") else {
            throw Failure.usage("\(description.name) holds a zero byte")
        }
        if case .oneOf(let values) = description.values, !values.contains(value) {
            throw Failure.usage(
                "\(description.name) \(quoted(value)) is none of \(values.joined(separator: ", "))",
                hint: Spelling.hint(for: value, among: values))
        }
        if description.shape == .flag, !description.takesValue, value != "true", value != "false" {
            throw Failure.usage("\(description.name) takes no value but true or false")
        }
        try option.set(&arguments, value)
        texts[description.name, default: []].append(value)
    }

    fileprivate mutating func takeRest(_ words: ArraySlice<String>) throws {
        guard let rest = Arguments.options.first(where: { $0.description.shape == .rest }) else {
            throw Failure.usage("this command takes nothing after --")
        }
        for word in words { try set(rest, to: word) }
        // Two dashes with nothing behind them say that there is nothing.
        given.insert(rest.description.name)
    }

    fileprivate mutating func takeFlag(
        _ word: String, followedBy words: inout ArraySlice<String>
    ) throws {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        guard let option = Self.option(named: name) else {
            // What may be its value is no argument by place.
            if parts.count == 1, let value = words.first, !value.hasPrefix("-") {
                words.removeFirst()
            }
            throw Self.unknown(name)
        }
        if parts.count == 2 {
            try set(option, to: String(parts[1]))
        } else if option.description.shape == .flag {
            try set(option, to: "true")
        } else {
            // Any other value that itself begins with two dashes has to be given as --name=--value.
            guard let value = words.first,
                option.description.takesDashes ? value != "--" : !value.hasPrefix("--")
            else {
                throw Failure.usage(
                    "\(option.description.name) needs a value", hint: option.description.help)
            }
            words.removeFirst()
            try set(option, to: value)
        }
    }

    /// `--code-name` and `--code_name` are the same flag.
    private static func option(named name: String) -> Option<Arguments>? {
        guard name.hasPrefix("--") else { return nil }
        let canonical = "--" + name.dropFirst(2).replacing("-", with: "_")
        return Arguments.options.first { option in
            option.description.isNamed && option.description.name == canonical
        }
    }

    private static func unknown(_ name: String) -> Failure {
        let names = Arguments.options.map(\.description).filter(\.isNamed).map(\.name)
        let takesRest = Arguments.options.contains { $0.description.shape == .rest }
        return Failure.usage(
            "unknown flag \(quoted(name))",
            hint: Spelling.hint(for: name, among: names + ["--help"])
                ?? (takesRest ? "for your main? put it after --, as in: … -- \(name)" : nil))
    }
}
