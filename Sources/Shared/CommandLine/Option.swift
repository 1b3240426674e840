/// The arguments of one command: a plain struct and the table that fills it.
///
/// Parsing, its errors, the usage text, `train.json` and the completion scripts all derive from the
/// table, so none of them can fall behind it.
package protocol CommandArguments: Sendable {
    init()
    static var options: [Option<Self>] { get }
}

/// What a row of the table looks like from outside, whatever struct it fills.
package struct OptionDescription: Sendable, Equatable {
    /// How it is written.
    package enum Shape: Sendable, Equatable {
        /// `--wait`; also `--wait=false`, so that a flag can undo what `train.json` says.
        case flag
        /// `--zone ZONE` and `--zone=ZONE`.
        case value
        /// Without a name, by its place.
        case positional
        /// Everything after `--`.
        case rest
    }

    /// What a value is, for completion.
    package enum Values: Sendable, Equatable {
        case any
        case file
        case directory
        case oneOf([String])
    }

    /// `--code_name`; for `positional` and `rest` the word that the usage shows.
    package var name: String
    package var shape: Shape
    /// The word for the value in the usage, such as `zone`.
    package var placeholder: String
    package var help: String
    package var values = Values.any
    package var isRequired = false
    package var isRepeated = false
    /// What counts where nothing is given; nil where that is nothing.
    package var defaultText: String?

    package var isNamed: Bool { shape == .flag || shape == .value }
    /// The name as a key in `train.json`.
    package var key: String { String(name.drop { $0 == "-" }) }
}

/// One row of a command's table: how it is described, and where its value goes.
package struct Option<Arguments: Sendable>: Sendable {
    package typealias Path<Value> = any WritableKeyPath<Arguments, Value> & Sendable

    package var description: OptionDescription
    /// Puts a value in its place; the text of a flag is `true` or `false`.
    let set: @Sendable (inout Arguments, String) throws -> Void
    /// The default, read from a fresh struct.
    let defaultText: @Sendable (Arguments) -> String?

    private init(
        _ name: String, _ shape: OptionDescription.Shape, _ placeholder: String, _ help: String,
        defaultText: @escaping @Sendable (Arguments) -> String? = { _ in nil },
        set: @escaping @Sendable (inout Arguments, String) throws -> Void
    ) {
        self.description = OptionDescription(
            name: name, shape: shape, placeholder: placeholder, help: help)
        self.defaultText = defaultText
        self.set = set
    }

    package func required() -> Self {
        var copy = self
        copy.description.isRequired = true
        return copy
    }

    package func completing(_ values: OptionDescription.Values) -> Self {
        var copy = self
        copy.description.values = values
        return copy
    }

    fileprivate func repeated() -> Self {
        var copy = self
        copy.description.isRepeated = true
        return copy
    }
}

extension Option {
    package static func text(
        _ name: String, _ placeholder: String, _ path: Path<String>, _ help: String
    ) -> Self {
        Self(
            name, .value, placeholder, help,
            defaultText: { $0[keyPath: path].isEmpty ? nil : $0[keyPath: path] },
            set: { $0[keyPath: path] = $1 })
    }

    package static func text(
        _ name: String, _ placeholder: String, _ path: Path<String?>, _ help: String
    ) -> Self {
        Self(name, .value, placeholder, help) { $0[keyPath: path] = $1 }
    }

    package static func flag(_ name: String, _ path: Path<Bool>, _ help: String) -> Self {
        Self(name, .flag, "", help) { $0[keyPath: path] = $1 == "true" }
    }

    /// A value that `parse` reads; nil from it is an error that says what was expected.
    ///
    /// - Parameter expects: such as "a whole number", to follow the words "is not".
    package static func parsed<Value>(
        _ name: String, _ placeholder: String, _ path: Path<Value>, _ help: String, expects: String,
        parse: @escaping @Sendable (String) -> Value?
    ) -> Self {
        Self(
            name, .value, placeholder, help,
            defaultText: { arguments in
                let text = String(describing: arguments[keyPath: path])
                // A Double that is whole reads better without its fraction.
                return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
            },
            set: { $0[keyPath: path] = try Self.read($1, name, expects, parse) })
    }

    package static func parsed<Value>(
        _ name: String, _ placeholder: String, _ path: Path<Value?>, _ help: String,
        expects: String, parse: @escaping @Sendable (String) -> Value?
    ) -> Self {
        Self(name, .value, placeholder, help) {
            $0[keyPath: path] = try Self.read($1, name, expects, parse)
        }
    }

    /// May be given any number of times.
    package static func repeated(
        _ name: String, _ placeholder: String, _ path: Path<[String]>, _ help: String
    ) -> Self {
        Self(name, .value, placeholder, help) { $0[keyPath: path].append($1) }.repeated()
    }

    package static func positional(
        _ placeholder: String, _ path: Path<String?>, _ help: String
    ) -> Self {
        Self(placeholder, .positional, placeholder, help) { $0[keyPath: path] = $1 }
    }

    /// Everything after `--`, untouched.
    package static func rest(
        _ placeholder: String, _ path: Path<[String]>, _ help: String
    ) -> Self {
        Self(placeholder, .rest, placeholder, help) { $0[keyPath: path].append($1) }.repeated()
    }

    private static func read<Value>(
        _ text: String, _ name: String, _ expects: String, _ parse: (String) -> Value?
    ) throws -> Value {
        guard let value = parse(text) else {
            throw Failure.usage("\(name) \(quoted(text)) is not \(expects)")
        }
        return value
    }
}

extension CommandArguments {
    /// The table as the usage and the completion scripts show it, defaults filled in.
    package static var descriptions: [OptionDescription] {
        let fresh = Self()
        return options.map { option in
            var description = option.description
            description.defaultText = option.defaultText(fresh)
            return description
        }
    }
}
