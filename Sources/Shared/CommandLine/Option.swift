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
        /// No other is taken.
        case oneOf([String])
        /// What is offered; the command itself refuses others.
        case suggested([String])
        /// What `PROGRAM completion WORD` prints, a value a line.
        case listed(by: String)
    }

    /// `--code_name`; for `positional` and `rest` the word that the usage shows.
    package var name: String
    package var shape: Shape
    /// A flag's short form, `f` for `-f`; nil for most.
    package var letter: Character?
    /// The word for the value in the usage, such as `zone`.
    package var placeholder: String
    package var help: String
    package var values = Values.any
    package var isRequired = false
    package var isRepeated = false
    /// Whether one value holds several names with commas between them.
    package var isList = false
    /// Whether a flag may also have a value, behind `=` alone: `--spot` and `--spot=auto`.
    package var takesValue = false
    /// Whether a value in a word of its own may begin with two dashes.
    package var takesDashes = false
    /// Options that say the same in another way: what a file gives them does not count beside this one.
    package var replaces: [String] = []
    /// Whether the short help shows it: most users of the command type it.
    package var isCommon = false
    /// The heading in the usage that the option stands under; nil: the last.
    package var group: String?
    /// What counts where nothing is given; nil where that is nothing.
    package var defaultText: String?

    package var isNamed: Bool { shape == .flag || shape == .value }
    /// The name as a key in `train.json`.
    package var key: String { String(name.drop { $0 == "-" }) }
}

/// Which configuration file may give an option its value: the user's own, or the one beside the code.
///
/// What travels with code may have been written by anybody.
package enum ConfigurationSource: Sendable, Equatable {
    /// The user's own file alone, since the value does what `because` says: "it …".
    case userFile(because: String)
    /// Either; what the code's file says is printed before anything is made.
    case announced
    /// Either.
    case anyFile
}

/// One row of a command's table: how it is described, and where its value goes.
package struct Option<Arguments: Sendable>: Sendable {
    package typealias Path<Value> = any WritableKeyPath<Arguments, Value> & Sendable

    package var description: OptionDescription
    /// Puts a value in its place; the text of a flag is `true` or `false`.
    let set: @Sendable (inout Arguments, String) throws -> Void
    /// The default, read from a fresh struct.
    let defaultText: @Sendable (Arguments) -> String?
    /// Which file may give it this value; nil where the command reads no files.
    package private(set) var source: (@Sendable (String) -> ConfigurationSource)?

    init(
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

    /// Shows it in the short help too.
    package func common() -> Self {
        var copy = self
        copy.description.isCommon = true
        return copy
    }

    /// Says which options it makes void where only a file that counts less gives them.
    package func replacing(_ names: String...) -> Self {
        var copy = self
        copy.description.replaces = names
        return copy
    }

    /// Says which configuration file may give it a value.
    package func from(_ source: ConfigurationSource) -> Self { from { _ in source } }

    /// Says so where it depends on the value, as it would be typed.
    package func from(_ source: @escaping @Sendable (String) -> ConfigurationSource) -> Self {
        var copy = self
        copy.source = source
        return copy
    }

    /// Gives a flag a short form that everybody's fingers know.
    package func short(_ letter: Character) -> Self {
        var copy = self
        copy.description.letter = letter
        return copy
    }

    /// Says that a value is itself a flag of another program.
    func takingDashes() -> Self {
        var copy = self
        copy.description.takesDashes = true
        return copy
    }

    func repeated() -> Self {
        var copy = self
        copy.description.isRepeated = true
        return copy
    }

    func list() -> Self {
        var copy = self
        copy.description.isList = true
        return copy
    }

    /// The same row in the table of a command whose arguments hold this struct at `path`.
    package func embedded<Outer: Sendable>(at path: Option<Outer>.Path<Arguments>) -> Option<Outer>
    {
        var outer = Option<Outer>(
            description.name, description.shape, description.placeholder, description.help,
            defaultText: { [defaultText] in defaultText($0[keyPath: path]) },
            set: { [set] in try set(&$0[keyPath: path], $1) })
        outer.description = description
        outer.source = source
        return outer
    }
}

extension Array {
    /// The rows under one heading of the usage.
    package func grouped<Arguments>(_ group: String) -> Self where Element == Option<Arguments> {
        map { option in
            var option = option
            option.description.group = group
            return option
        }
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
