/// Completion scripts for bash and zsh, derived from the table.
package enum Completion {
    package static let shells = ["bash", "zsh"]

    /// What to put into the shell's start-up file.
    package static func script(for shell: String, of program: Program) -> String {
        shell == "zsh" ? zsh(program) : bash(program)
    }

    /// For bash from 3.2 on, which is macOS's own: without `mapfile`.
    private static func bash(_ program: Program) -> String {
        let function = "_" + program.name.replacing("-", with: "_")
        var lines = [
            "# bash completion for \(program.name); load it with: source <(\(program.name) completion bash)",
            "\(function)_lines() { local line; while IFS= read -r line; do COMPREPLY+=(\"$line\"); done; }",
            "\(function)() {",
            "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} flags",
            "    COMPREPLY=()",
            "    if [ \"$COMP_CWORD\" -eq 1 ]; then",
            bashWords(names(of: program), function),
            "        return",
            "    fi",
            // A flag may be typed with dashes too.
            "    case $prev in --*) prev=${prev#--}; prev=--${prev//-/_} ;; esac",
            "    case ${COMP_WORDS[1]} in",
        ]
        lines += ["    help)", bashWords(program.commands.map(\.name), function), "        ;;"]
        for command in program.commands { lines += bashCase(command, program, function) }
        lines += ["    esac", "}", "complete -F \(function) \(program.name)"]
        return lines.joined(separator: "\n") + "\n"
    }

    private static func bashCase(
        _ command: Subcommand, _ program: Program, _ function: String
    ) -> [String] {
        var lines = ["    \(command.name))", "        case $prev in"]
        for option in command.options where option.shape == .value {
            lines.append("        \(option.name))")
            lines.append(bashValues(option.values, program, function))
            lines += ["            return", "            ;;"]
        }
        lines.append("        esac")
        let flags = command.options.filter(\.isNamed).map(\.name) + ["--help"]
        lines.append("        flags=" + quotedWord(flags.joined(separator: " ")))
        lines.append("        case $cur in --*-*) flags=${flags//_/-} ;; esac")
        lines.append(
            "        \(function)_lines < <(compgen -W \"$flags\" -- \"$cur\")")
        for option in command.options where option.shape == .positional && option.values != .any {
            lines.append(
                "        case $cur in -*) ;; *) "
                    + bashValues(option.values, program, function).drop { $0 == " " } + " ;; esac")
        }
        lines.append("        ;;")
        return lines
    }

    private static func bashValues(
        _ values: OptionDescription.Values, _ program: Program, _ function: String
    ) -> String {
        switch values {
        case .any: "            :"
        case .file: "            \(function)_lines < <(compgen -f -- \"$cur\")"
        case .directory: "            \(function)_lines < <(compgen -d -- \"$cur\")"
        case .oneOf(let words), .suggested(let words): "    " + bashWords(words, function)
        case .listed(let word):
            "            \(function)_lines < <(compgen -W "
                + "\"$(\(program.name) completion \(word) 2>/dev/null)\" -- \"$cur\")"
        }
    }

    private static func bashWords(_ words: [String], _ function: String) -> String {
        "        \(function)_lines < <(compgen -W "
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
                command.options.compactMap { zshSpecification($0, program) } + [
                    "'--help[shows help]'"
                ]
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
    private static func zshSpecification(
        _ option: OptionDescription, _ program: Program
    ) -> String? {
        let help = option.help.filter { !"[]:\\".contains($0) }
        let action =
            switch option.values {
            case .any: " "
            case .file: "_files"
            case .directory: "_files -/"
            case .listed(let word):
                "{compadd -- ${(f)\"$(\(program.name) completion \(word) 2>/dev/null)\"}}"
            case .oneOf(let words), .suggested(let words): "(\(words.joined(separator: " ")))"
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

    /// One word for a shell, whatever it holds.
    private static func quotedWord(_ text: String) -> String {
        "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
