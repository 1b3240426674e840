import Shared

/// `train.json`: flags that need not be typed.
///
/// One may stand beside the code, where anybody may have written it, and one is the user's own. Each
/// option says which of them may hold it (`ConfigurationSource`); docs/configuration.md lists them.
struct ConfigurationFile: Sendable {
    enum Owner: Sendable { case code, user }

    static let name = "train.json"
    /// More than a list of all flags ever needs.
    private static let largest = 1 << 20

    let path: String
    let owner: Owner
    private let values: [String: JSONValue]

    /// The one beside the code in `directory`; nil if there is none.
    ///
    /// - Throws: `Failure` with exit code 2 naming the file.
    static func beside(code directory: String) throws -> ConfigurationFile? {
        try ConfigurationFile(path: directory + "/" + name, owner: .code)
    }

    /// The user's own; nil if there is none.
    ///
    /// - Throws: `Failure` with exit code 2 naming the file, also where others may write it.
    static func ofUser(environment: [String: String]) throws -> ConfigurationFile? {
        guard let path = userPath(environment: environment) else { return nil }
        return try ConfigurationFile(path: path, owner: .user)
    }

    /// `$XDG_CONFIG_HOME/train/train.json` by the XDG base directory specification, which ignores a
    /// relative one.
    static func userPath(environment: [String: String]) -> String? {
        let home = environment["HOME"].map { $0 + "/.config" }
        let directory = environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return (directory ?? home).map { $0 + "/train/" + name }
    }

    private init?(path: String, owner: Owner) throws {
        guard exists(path) else { return nil }
        self.path = path
        self.owner = owner
        let data: Data
        do {
            data = try readRegularFile(path, limit: Self.largest) { information in
                if owner == .user { try Self.checkOwner(information, path) }
            }
        } catch let failure as Failure {
            throw Failure.usage(failure.summary, hint: failure.hint)
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw Failure.usage("\(quoted(path)) is not UTF-8")
        }
        values = try Self.object(text, path)
    }

    private static func object(_ text: String, _ path: String) throws -> [String: JSONValue] {
        do {
            if case .object(let object) = try JSONText.value(text) { return object }
        } catch let mistake as JSONText.Mistake {
            throw Failure.usage(
                "\(quoted(path)), line \(mistake.line), column \(mistake.column): "
                    + mistake.summary,
                hint: "it is JSON, such as {\"code_name\": \"classifier\", \"spot\": true}")
        }
        throw Failure.usage(
            "\(quoted(path)) is not a JSON object",
            hint: "write flags and values, such as {\"code_name\": \"classifier\"}")
    }

    private static func checkOwner(_ information: stat, _ path: String) throws {
        guard information.st_uid == geteuid() else {
            throw Failure(
                "\(quoted(path)) belongs to another user",
                hint: "it may name your keys, so it has to be yours: chown it, or remove it")
        }
        guard information.st_mode & 0o022 == 0 else {
            throw Failure(
                "\(quoted(path)) can be written by other users",
                hint: "it may name your keys: chmod go-w \(path)")
        }
    }

    /// Fills in what the file says and nothing before it did.
    ///
    /// Values mean what they would mean typed: a relative path counts from the working directory.
    ///
    /// - Parameter key: the only one that is looked at; nil: all.
    /// - Returns: what the user is to be told, such as `machine_type a3-highgpu-8g`.
    /// - Throws: `Failure` with exit code 2 naming the file and the key.
    func apply<Arguments: CommandArguments>(
        to parsed: inout Parsed<Arguments>, only key: String? = nil
    ) throws -> [String] {
        let before = parsed
        var announced: [String] = []
        for (name, value) in values.sorted(by: { $0.key < $1.key }) where key ?? name == name {
            announced += try set(name, value, &parsed, before)
        }
        return announced
    }

    /// - Parameter before: what counts more than this file.
    private func set<Arguments: CommandArguments>(
        _ key: String, _ value: JSONValue, _ parsed: inout Parsed<Arguments>,
        _ before: Parsed<Arguments>
    ) throws -> [String] {
        let options = Arguments.options.filter { $0.description.shape != .positional }
        guard let option = options.first(where: { $0.description.key == key }) else {
            throw Failure.usage(
                "\(quoted(path)): unknown key \(quoted(key))",
                hint: Spelling.hint(for: key, among: options.map(\.description.key)))
        }
        guard let values = Self.texts(of: value, for: option.description) else {
            let wanted = Self.expectation(for: option.description)
            throw Failure.usage("\(quoted(path)): \(key) is not \(wanted)")
        }
        let isShown = try values.map { try check($0, for: option) }.contains(true)
        guard !before.replaces(option.description.name) else { return [] }
        let isFirst = !parsed.has(option.description.name)
        do {
            _ = try parsed.setDefault(option.description.name, to: values)
        } catch var failure as Failure {
            failure.summary = "\(quoted(path)): \(failure.summary)"
            throw failure
        }
        guard isShown, isFirst else { return [] }
        return values.map { "\(key) \(Self.shown($0))" }
    }

    /// Whether a value is to be shown to the user.
    ///
    /// - Throws: `Failure` with exit code 2 where this file may not hold it. An option that does not
    ///   say who may is not taken from the code's.
    private func check<Arguments>(_ value: String, for option: Option<Arguments>) throws -> Bool {
        guard owner == .code else { return false }
        let name = option.description.name
        let reason: String
        switch option.source?(value) {
        case .anyFile: return false
        case .announced: return true
        case .userFile(let because): reason = because
        case nil: reason = "is for you to say"
        }
        let shown = option.description.isRepeated || value == "never" ? " \(Self.shown(value))" : ""
        throw Failure.usage(
            "\(quoted(path)): \(quoted(option.description.key + shown)) may not stand in a file that "
                + "travels with code: it \(reason)",
            hint: "type \(name)\(shown), or put it into your own $XDG_CONFIG_HOME/train/"
                + "\(Self.name) (else ~/.config/train/\(Self.name))")
    }

    private static func shown(_ value: String) -> String {
        value.wholeMatch(of: /[A-Za-z0-9._:\/,@+-]+/) != nil ? value : quoted(value)
    }

    /// The value as it would be typed, word for word; nil where it is of the wrong kind.
    private static func texts(of value: JSONValue, for option: OptionDescription) -> [String]? {
        switch (value, option.shape) {
        case (.bool(let flag), .flag): [flag ? "true" : "false"]
        case (.string(let text), .flag) where option.takesValue: [text]
        case (_, .flag): nil
        case (.array(let items), .rest): texts(of: items, numbers: true)
        case (_, .rest): nil
        case (.array(let items), _) where option.isRepeated: texts(of: items, numbers: false)
        case (.array(let items), _) where option.isList:
            texts(of: items, numbers: false).map { [$0.joined(separator: ",")] }
        case (.string(let text), _): [text]
        case (.integer(let number), _): ["\(number)"]
        case (.number(let number), _): ["\(number)"]
        default: nil
        }
    }

    private static func texts(of items: [JSONValue], numbers: Bool) -> [String]? {
        let texts: [String] = items.compactMap { item in
            switch item {
            case .string(let text): text
            case .integer(let number) where numbers: "\(number)"
            case .number(let number) where numbers: "\(number)"
            default: nil
            }
        }
        return texts.count == items.count ? texts : nil
    }

    private static func expectation(for option: OptionDescription) -> String {
        switch option.shape {
        case .flag: option.takesValue ? "true, false or a text" : "true or false"
        case .rest: "a list of texts and numbers"
        default: option.isRepeated || option.isList ? "a list of texts" : "a text or a number"
        }
    }
}
