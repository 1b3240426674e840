import Shared

/// What a cloud's tool answers in these tests.
func said(_ text: String) -> CommandResult {
    CommandResult(termination: .exited(0), output: text)
}

func refused(_ text: String) -> CommandResult {
    CommandResult(termination: .exited(254), errorOutput: text)
}

extension Command {
    /// The argument behind a flag.
    func value(of flag: String) -> String? {
        guard let index = arguments.firstIndex(of: flag) else { return nil }
        return arguments.dropFirst(index + 1).first
    }
}
