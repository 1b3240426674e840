/// The help texts, derived from the table.
package enum Usage {
    private static let width = 100
    private static let helpColumn = 33

    /// All commands of a program.
    package static func overview(of program: Program) -> String {
        let longest = program.commands.map(\.name.count).max() ?? 0
        var lines = [program.summary, "", "usage: \(program.name) COMMAND [flags]", ""]
        for command in program.commands {
            lines.append("  " + padded(command.name, to: longest + 2) + command.summary)
        }
        lines += ["", "\(program.name) help COMMAND explains one; --version says which this is."]
        if !program.footer.isEmpty { lines += ["", program.footer] }
        return lines.joined(separator: "\n") + "\n"
    }

    /// One command on one screen: of many flags those that most users type.
    package static func short(of command: Subcommand, in program: Program) -> String {
        let shown = command.options.filter { $0.isCommon || $0.isRequired || !$0.isNamed }
        let rest = command.options.count - shown.count
        guard rest > 0, command.options.contains(where: \.isCommon) else {
            return text(of: command, in: program)
        }
        return text(of: command, in: program, options: shown)
            + "\n\(rest) more flags: \(program.name) \(command.name) --help\n"
    }

    /// One command: synopsis, what it does, every flag under its heading.
    package static func text(of command: Subcommand, in program: Program) -> String {
        text(of: command, in: program, options: command.options)
    }

    private static func text(
        of command: Subcommand, in program: Program, options: [OptionDescription]
    ) -> String {
        var lines = [command.summary, ""]
        lines += synopsis(of: command, in: program)
        if !command.examples.isEmpty {
            lines += ["examples:"] + command.examples.map { "  " + $0 }
        }
        if !command.discussion.isEmpty { lines += ["", command.discussion] }
        var groups: [(heading: String, options: [OptionDescription])] = []
        for option in options {
            let heading = option.group ?? (option.isNamed ? "flags" : "arguments")
            if let index = groups.firstIndex(where: { $0.heading == heading }) {
                groups[index].options.append(option)
            } else {
                groups.append((heading, [option]))
            }
        }
        if !groups.isEmpty { lines.append("") }
        for group in groups {
            lines += ["\(group.heading):"] + group.options.flatMap(rows)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func synopsis(of command: Subcommand, in program: Program) -> [String] {
        var words: [String] = []
        for option in command.options where option.shape == .positional {
            let name = option.isRepeated ? "\(option.name) …" : option.name
            words.append(option.isRequired ? name : "[\(name)]")
        }
        for option in command.options where option.isNamed && option.isRequired {
            words.append("\(option.name) \(option.placeholder.uppercased())")
        }
        if command.options.contains(where: { $0.isNamed && !$0.isRequired }) {
            words.append("[flags]")
        }
        for option in command.options where option.shape == .rest {
            words.append("[-- \(option.name.uppercased())]")
        }
        let start = "usage: \(program.name) \(command.name)"
        return wrapped(words, first: start, indent: "         ")
    }

    /// One option: its name on the left, its help on the right, in as many lines as it needs.
    private static func rows(_ option: OptionDescription) -> [String] {
        var left = "  " + option.name
        if let letter = option.letter { left += ", -\(letter)" }
        if option.shape == .rest { left = "  -- " + option.name }
        if option.shape == .value { left += " \(option.placeholder.uppercased())" }
        if option.takesValue { left += "[=\(option.placeholder.uppercased())]" }
        var words = option.help.split(separator: " ").map(String.init)
        if case .oneOf(let values) = option.values {
            words += "One of \(values.joined(separator: ", "))."
                .split(separator: " ").map(String.init)
        }
        if option.isRepeated && option.isNamed { words.append("(repeatable)") }
        if option.isRequired { words.append("(required)") }
        if let text = option.defaultText { words.append("(default: \(text))") }
        let indent = String(repeating: " ", count: helpColumn)
        guard left.count + 2 <= helpColumn else {
            return [left] + wrapped(words, first: String(indent.dropLast()), indent: indent)
        }
        return wrapped(
            words, first: String(padded(left, to: helpColumn).dropLast()), indent: indent)
    }

    /// `first` and the words after it, broken at the width; further lines begin with `indent`.
    private static func wrapped(_ words: [String], first: String, indent: String) -> [String] {
        var lines = [first]
        for word in words {
            let last = lines[lines.count - 1]
            if last.count + 1 + word.count > width {
                lines.append(indent + word)
            } else {
                lines[lines.count - 1] = last + " " + word
            }
        }
        return lines
    }

    private static func padded(_ text: String, to count: Int) -> String {
        text + String(repeating: " ", count: max(0, count - text.count))
    }
}
