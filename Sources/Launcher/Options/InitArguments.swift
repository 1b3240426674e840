import Shared

/// The flags of `train init`: those of `train start` that `train.json` beside the code may hold.
struct InitArguments: CommandArguments {
    var start = StartArguments()
    var json = false

    init() { start.codePath = "." }

    static var options: [Option<Self>] {
        [
            Option<Self>.text("--code_path", "path", \.start.codePath, "Your code.")
                .completing(.directory)
        ] + keys.map { $0.option }
            + [
                Option<Self>.flag("--json", \.json, "Prints JSON for programs.")
            ].grouped("this command")
    }

    /// The rows of `train start` whose values are written.
    private static var keys: [(option: Option<Self>, start: Option<StartArguments>)] {
        StartArguments.options.filter(mayTravel).map { row in
            var option = row.embedded(at: \Self.start)
            option.description.isRequired = false
            return (option: option, start: row)
        }
    }

    /// Whether the code's file may give the option some value; each value is looked at by itself.
    private static func mayTravel(_ option: Option<StartArguments>) -> Bool {
        guard option.description.shape != .positional else { return false }
        // `--env NAME` takes a value out of the environment, `--env NAME=VALUE` does not.
        return ["1", "NAME=VALUE"].contains { value in
            switch option.source?(value) {
            case .anyFile, .announced: true
            case .userFile, nil: false
            }
        }
    }

    /// What was given, as the keys and values of `train.json`.
    ///
    /// - Throws: `Failure` with exit code 2 naming a value that may not travel with code.
    static func values(_ parsed: Parsed<Self>) throws -> [String: JSONValue] {
        var values: [String: JSONValue] = [:]
        for (_, row) in keys {
            guard let texts = parsed.texts[row.description.name] else { continue }
            for text in texts {
                guard case .userFile(let because) = row.source?(text) else { continue }
                let given = "\(row.description.name) \(text)"
                throw Failure.usage(
                    "\(quoted(given)) may not stand in a file that travels with code: it \(because)",
                    hint: "leave it out, and type it at each train start")
            }
            values[row.description.key] = value(of: texts, row.description)
        }
        return values
    }

    private static func value(of texts: [String], _ option: OptionDescription) -> JSONValue {
        func scalar(_ text: String) -> JSONValue {
            // Only what is read back as it was typed: 007 and 1e3 stay texts.
            if let number = Int64(text), String(number) == text { return .integer(number) }
            return .string(text)
        }
        let text = texts.last ?? ""
        switch option.shape {
        case .flag where text == "true" || text == "false": return .bool(text == "true")
        case .rest: return .array(texts.map(scalar))
        case _ where option.isRepeated: return .array(texts.map { .string($0) })
        case _ where option.isList:
            return .array(text.split(separator: ",").map { .string(String($0)) })
        default: return scalar(text)
        }
    }
}
