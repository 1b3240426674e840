/// The kinds of rows that a table is written with.
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

    /// A flag that may have a value, behind `=`; `parse` gets `true` where it has none.
    ///
    /// - Parameter expects: what a value may be, to follow the words "is not".
    package static func flag<Value>(
        _ name: String, _ placeholder: String, _ path: Path<Value>, _ help: String, expects: String,
        parse: @escaping @Sendable (String) -> Value?
    ) -> Self {
        var option = Self(name, .flag, placeholder, help) {
            $0[keyPath: path] = try Self.read($1, name, expects, parse)
        }
        option.description.takesValue = true
        return option
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
                String(describing: arguments[keyPath: path])
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

    /// A length of time in any of its forms.
    ///
    /// - Parameter seconds: what it may be.
    package static func duration(
        _ name: String, _ path: Path<TimeSpan>, _ help: String, in seconds: ClosedRange<Double>
    ) -> Self {
        parsed(name, "time", path, help, expects: TimeSpan.expectation(in: seconds)) { text in
            TimeSpan(text).flatMap { seconds.contains($0.seconds) ? $0 : nil }
        }
    }

    package static func count(
        _ name: String, _ path: Path<Int>, _ help: String, in range: ClosedRange<Int>
    ) -> Self {
        parsed(name, "count", path, help, expects: expectation(range)) {
            Int($0).flatMap(range.kept)
        }
    }

    package static func count(
        _ name: String, _ path: Path<Int?>, _ help: String, in range: ClosedRange<Int>
    ) -> Self {
        parsed(name, "count", path, help, expects: expectation(range)) {
            Int($0).flatMap(range.kept)
        }
    }

    private static func expectation(_ range: ClosedRange<Int>) -> String {
        "a whole number from \(range.lowerBound) to \(range.upperBound)"
    }

    /// Several names in one value, with commas between them.
    package static func list(
        _ name: String, _ placeholder: String, _ path: Path<[String]>, _ help: String,
        expects: String, parse: @escaping @Sendable (String) -> [String]?
    ) -> Self {
        Self(
            name, .value, placeholder, help,
            set: { $0[keyPath: path] = try Self.read($1, name, expects, parse) }
        ).list()
    }

    /// May be given any number of times.
    package static func repeated(
        _ name: String, _ placeholder: String, _ path: Path<[String]>, _ help: String
    ) -> Self {
        Self(name, .value, placeholder, help) { $0[keyPath: path].append($1) }.repeated()
    }

    /// The same, of which each value must be `valid`.
    package static func repeated(
        _ name: String, _ placeholder: String, _ path: Path<[String]>, _ help: String,
        expects: String, valid: @escaping @Sendable (String) -> Bool
    ) -> Self {
        Self(name, .value, placeholder, help) {
            let text = try Self.read($1, name, expects) { valid($0) ? $0 : nil }
            $0[keyPath: path].append(text)
        }.repeated()
    }

    package static func positional(
        _ placeholder: String, _ path: Path<String?>, _ help: String
    ) -> Self {
        Self(placeholder, .positional, placeholder, help) { $0[keyPath: path] = $1 }
    }

    /// By its place, any number of times.
    package static func positionals(
        _ placeholder: String, _ path: Path<[String]>, _ help: String
    ) -> Self {
        Self(placeholder, .positional, placeholder, help) { $0[keyPath: path].append($1) }
            .repeated()
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

extension ClosedRange<Int> {
    fileprivate func kept(_ number: Int) -> Int? { contains(number) ? number : nil }
}
