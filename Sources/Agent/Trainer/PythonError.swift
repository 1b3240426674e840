import Shared

/// Finds in a log why a Python program ended: pure.
enum PythonError {
    /// How many lines may follow an exception, such as torchrun's summary of it.
    private static let mostLinesAfter = 40

    /// An exception that ended a program.
    struct Found: Sendable, Equatable {
        /// Its line, such as `RuntimeError: CUDA out of memory`.
        var exception: String
        /// The last line of its traceback that names a place, such as
        /// `File "/c/main.py", line 3, in main`; nil where there is none.
        var frame: String?
    }

    /// The exception that ended the program; nil where the log does not end in one.
    ///
    /// Of several exceptions that follow from each other Python prints the last one last
    /// (traceback, "The Python Standard Library"). One that was printed long before the end was
    /// caught and is no reason.
    static func found(in log: [String]) -> Found? {
        let lines = log.map(withoutMargin)
        guard let start = lines.lastIndex(where: isHeader) ?? startOfSyntaxError(in: lines),
            let index = lines[(start + 1)...].firstIndex(where: { $0.first != " " }),
            isException(lines[index]),
            lines.count - index <= mostLinesAfter
        else { return nil }
        let frame = lines[start..<index].last { $0.hasPrefix("  File \"") }
        return Found(
            exception: String(lines[index].prefix(300)),
            frame: frame.map { String($0.dropFirst(2).prefix(300)) })
    }

    /// The line of the exception alone.
    static func line(in log: [String]) -> String? { found(in: log)?.exception }

    /// The lists of packages that the code came with.
    struct Asked {
        /// The name of the file, such as `requirements.txt`.
        var title: String
        var texts: [String]
    }

    /// What a user can do about it; nil where that is up to the program.
    static func hint(for exception: String, asked: Asked) -> String? {
        let isMissing = /ModuleNotFoundError: No module named '([^']+)'/
        if let found = exception.prefixMatch(of: isMissing) {
            let package = found.1.prefix { $0 != "." }
            let isListed = asked.texts.contains { $0.lowercased().contains(package.lowercased()) }
            return isListed
                ? "\(package) is in \(asked.title), but was not installed under this name: see "
                    + "logs/\(BucketLayout.setupLog)"
                : "\(package) is in no \(asked.title); add the package that has it there"
        }
        if exception.contains("CUDA out of memory") {
            return "use a smaller batch, or a machine whose GPU has more memory"
        }
        if exception.contains("No space left on device") {
            return "use a machine with a larger disk, or keep fewer checkpoints"
        }
        return nil
    }

    private static func isHeader(_ line: String) -> Bool {
        line == "Traceback (most recent call last):"
            || line == "Exception Group Traceback (most recent call last):"
    }

    /// A syntax error in the file that Python was to run has no header, only the place.
    private static func startOfSyntaxError(in lines: [String]) -> Int? {
        let isSyntax = { (line: String) in
            ["SyntaxError: ", "IndentationError: ", "TabError: "].contains { line.hasPrefix($0) }
        }
        guard let end = lines.lastIndex(where: isSyntax) else { return nil }
        return lines[..<end].lastIndex { $0.hasPrefix("  File \"") }
    }

    /// A class, dotted where it is not built in, alone or before a colon.
    private static func isException(_ line: String) -> Bool {
        line.wholeMatch(of: /[A-Za-z_][\w.]*(:.*)?/) != nil
    }

    /// A line without what torchrun (`[rank0]: `) and exception groups (`  | `, `  + `) put before.
    private static func withoutMargin(_ line: String) -> String {
        var rest = line[...]
        if let rank = rest.prefixMatch(of: #/\[(rank|default)\d+\]:\s?/#) {
            rest = rest[rank.range.upperBound...]
        }
        if let bar = rest.prefixMatch(of: #/\s*[|+] /#) { rest = rest[bar.range.upperBound...] }
        return String(rest)
    }
}
