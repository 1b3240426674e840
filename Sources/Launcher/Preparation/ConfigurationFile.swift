import Shared

/// `train.json` beside the user's code: flags that need not be typed; a typed one wins.
enum ConfigurationFile {
    static let name = "train.json"

    /// What cannot stand in the file: it is found by one of these, and read by one command.
    private static let typedOnly: Set<String> = ["code_path", "wait", "json", "dry_run"]

    /// Fills in what `directory`'s file says and the command line does not.
    ///
    /// Values mean what they would mean typed: a relative path counts from the working directory.
    ///
    /// - Throws: `Failure` with exit code 2 naming the file and the key.
    static func apply<Arguments: CommandArguments>(
        in directory: String, to parsed: inout Parsed<Arguments>
    ) throws {
        let path = directory + "/" + name
        guard exists(path) else { return }
        let data = try readFile(path)
        guard String(validating: data, as: UTF8.self) != nil else {
            throw Failure.usage("\(quoted(path)) is not UTF-8")
        }
        // A plain decoder: ours would turn the keys into camelCase.
        guard let object = try? JSONDecoder().decode([String: JSONValue].self, from: data) else {
            throw Failure.usage(
                "\(quoted(path)) is not a JSON object",
                hint: "write flags and values, such as {\"code_name\": \"classifier\"}")
        }
        for (key, value) in object.sorted(by: { $0.key < $1.key }) {
            try set(key, value, path, &parsed)
        }
    }

    private static func set<Arguments: CommandArguments>(
        _ key: String, _ value: JSONValue, _ path: String, _ parsed: inout Parsed<Arguments>
    ) throws {
        guard !typedOnly.contains(key) else {
            throw Failure.usage("\(quoted(path)): \(quoted(key)) can only be typed as --\(key)")
        }
        guard let option = Arguments.descriptions.first(where: { $0.isNamed && $0.key == key })
        else {
            let keys = Arguments.descriptions.filter(\.isNamed).map(\.key)
            throw Failure.usage(
                "\(quoted(path)): unknown key \(quoted(key))",
                hint: Spelling.hint(for: key, among: keys))
        }
        guard let values = texts(of: value, for: option) else {
            throw Failure.usage("\(quoted(path)): \(key) is not \(expectation(for: option))")
        }
        do {
            _ = try parsed.setDefault(option.name, to: values)
        } catch var failure as Failure {
            failure.summary = "\(quoted(path)): \(failure.summary)"
            throw failure
        }
    }

    /// The value as it would be typed; nil where it is of the wrong kind.
    private static func texts(of value: JSONValue, for option: OptionDescription) -> [String]? {
        switch value {
        case .bool(let flag): option.shape == .flag ? [flag ? "true" : "false"] : nil
        case _ where option.shape == .flag: nil
        case .string(let text): [text]
        case .integer(let number): ["\(number)"]
        case .number(let number): ["\(number)"]
        case .array(let items) where option.isRepeated: texts(of: items)
        default: nil
        }
    }

    private static func texts(of items: [JSONValue]) -> [String]? {
        let texts = items.compactMap { item in
            if case .string(let text) = item { text } else { nil }
        }
        return texts.count == items.count ? texts : nil
    }

    private static func expectation(for option: OptionDescription) -> String {
        if option.shape == .flag { return "true or false" }
        return option.isRepeated ? "a list of texts" : "a text or a number"
    }
}
