/// Completion scripts for bash and zsh, derived from the table.
package enum Completion {
    package static let shells = ["bash", "zsh"]

    /// What to put into the shell's start-up file.
    package static func script(for shell: String, of program: Program) -> String {
        shell == "zsh" ? zsh(program) : bash(program)
    }

    private static func bash(_ program: Program) -> String {
        let function = "_" + program.name.replacing("-", with: "_")
        var lines = [
            "# bash completion for \(program.name); load it with: source <(\(program.name) completion bash)",
            "\(function)() {",
            "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}",
            "    COMPREPLY=()",
            "    if [ \"$COMP_CWORD\" -eq 1 ]; then",
            "        mapfile -t COMPREPLY < <(compgen -W "
                + quotedWord(names(of: program).joined(separator: " ")) + " -- \"$cur\")",
            "        return",
            "    fi",
            "    case ${COMP_WORDS[1]} in",
        ]
        lines += ["    help)", bashWords(program.commands.map(\.name)), "        ;;"]
        for command in program.commands { lines += bashCase(command) }
        lines += ["    esac", "}", "complete -F \(function) \(program.name)"]
        return lines.joined(separator: "\n") + "\n"
    }

    private static func bashCase(_ command: Subcommand) -> [String] {
        var lines = ["    \(command.name))", "        case $prev in"]
        for option in command.options where option.shape == .value {
            lines.append("        \(option.name))")
            lines.append(bashValues(option.values))
            lines += ["            return", "            ;;"]
        }
        lines.append("        esac")
        let flags = command.options.filter(\.isNamed).map(\.name) + ["--help"]
        lines.append(bashWords(flags + positionalValues(of: command)))
        lines.append("        ;;")
        return lines
    }

    private static func bashValues(_ values: OptionDescription.Values) -> String {
        switch values {
        case .any: "            :"
        case .file: "            mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")"
        case .directory: "            mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")"
        case .oneOf(let words): "    " + bashWords(words)
        }
    }

    private static func bashWords(_ words: [String]) -> String {
        "        mapfile -t COMPREPLY < <(compgen -W "
            + quotedWord(words.joined(separator: " ")) + " -- \"$cur\")"
    }

    private static func zsh(_ program: Program) -> String {
        let function = "_" + program.name.replacing("-", with: "_")
        var lines = [
            "#compdef \(program.name)",
            "# zsh completion for \(program.name); load it with: source <(\(program.name) completion zsh)",
            "\(function)() {",
            "    local -a commands=(",
        ]
        lines += program.commands.map { command in
            "        " + quotedWord("\(command.name):\(command.summary)")
        }
        lines += [
            "        'help:explains a command'",
            "    )",
            "    if (( CURRENT == 2 )); then _describe command commands; return; fi",
            "    local command=${words[2]}",
            "    shift words; (( CURRENT-- ))",
            "    case $command in",
            "    help) _describe command commands ;;",
        ]
        for command in program.commands {
            let specifications =
                command.options.compactMap(zshSpecification) + ["'--help[shows help]'"]
            lines.append("    \(command.name)) _arguments \\")
            lines += specifications.dropLast().map { "        \($0) \\" }
            lines += specifications.suffix(1).map { "        \($0) ;;" }
        }
        lines += [
            "    esac", "}",
            "if [ \"$funcstack[1]\" = \(function) ]; then \(function); else compdef \(function) \(program.name); fi",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    /// One argument of zsh's `_arguments`; nil for what comes after `--`.
    private static func zshSpecification(_ option: OptionDescription) -> String? {
        let help = option.help.filter { !"[]:\\".contains($0) }
        let action =
            switch option.values {
            case .any: " "
            case .file: "_files"
            case .directory: "_files -/"
            case .oneOf(let words): "(\(words.joined(separator: " ")))"
            }
        let star = option.isRepeated ? "*" : ""
        return switch option.shape {
        case .flag: quotedWord("\(star)\(option.name)[\(help)]")
        case .value: quotedWord("\(star)\(option.name)[\(help)]:\(option.placeholder):\(action)")
        case .positional: quotedWord(":\(option.placeholder):\(action)")
        case .rest: nil
        }
    }

    private static func names(of program: Program) -> [String] {
        program.commands.map(\.name) + ["help", "--help", "--version"]
    }

    private static func positionalValues(of command: Subcommand) -> [String] {
        command.options.flatMap { option -> [String] in
            guard option.shape == .positional, case .oneOf(let words) = option.values else {
                return []
            }
            return words
        }
    }

    /// One word for a shell, whatever it holds.
    private static func quotedWord(_ text: String) -> String {
        "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
