import Shared

/// `train tune`: changes hyperparameters while a training runs, or lists what can be changed.
enum Tune {
    struct Arguments: RunAddressing {
        var address = RunAddress()
        var changes: [String] = []
        var atStep: Int?
        var over: Int?
        var checkpointFirst = false
        var expect: [String] = []
        var rule: String?
        var withdraw: String?
        var json = false

        static var options: [Option<Self>] {
            addressOptions + [
                .positionals(
                    "NAME=VALUE", \.changes,
                    "What is changed; NAME*=FACTOR scales. Without any: lists what can be."),
                .count(
                    "--at_step", \.atStep, "The step that begins with the change.",
                    in: 0...(1 << 53)),
                .count(
                    "--over", \.over, "Changes little by little, over this many steps.",
                    in: 1...1_000_000_000),
                .flag(
                    "--checkpoint_first", \.checkpointFirst,
                    "Saves a checkpoint, then changes."),
                .repeated(
                    "--expect", "name=value", \.expect,
                    "Changes nothing unless this is the value now."),
                .text(
                    "--guard", "rule", \.rule,
                    "Takes the change back unless this holds, such as 'loss < 2x for 500'."),
                .text(
                    "--withdraw", "id", \.withdraw,
                    "Takes back a change that is not applied yet."),
                .flag("--json", \.json, "Prints JSON for programs."),
            ]
        }
    }

    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "tune", Arguments.self,
            summary: "Changes hyperparameters while a training runs, or lists them.",
            discussion: """
                lr, weight_decay, momentum and betas of any PyTorch optimizer, and what the program
                declares with ai_training_utils. All changes of one call are made at one step, or
                none of them is.
                """,
            examples: [
                "train tune classifier/beer 'lr*=0.1' dropout=0.2 --at_step 12000",
                "train tune classifier/beer lr=1e-4 --over 500 --expect lr=1e-3",
            ]
        ) { parsed in
            let arguments = try parsed.checked()
            let request = try request(arguments, context)
            let steering = try await Steering.open(arguments.address, context)
            let output = SteeringOutput(json: arguments.json, context: context)
            guard let request else { return try await output.list(steering) }
            return try await output.show(request, steering)
        }
    }

    /// How long a change may be under way before it is applied, in seconds: later it would surprise.
    private static let patience = 3600.0

    /// - Returns: nil where nothing is to be changed.
    /// - Throws: `Failure` with exit code 2 naming what is wrong.
    static func request(_ arguments: Arguments, _ context: Context) throws -> ControlRequest? {
        if let text = arguments.withdraw {
            guard let id = ULID(text) else {
                throw Failure.usage(
                    "--withdraw \(quoted(text)) is no change's ID",
                    hint: "train tune CODE/DATASET lists the changes that are pending")
            }
            guard arguments.changes.isEmpty else {
                throw Failure.usage("--withdraw goes alone: a change is made by a call of its own")
            }
            var request = Steering.request(.withdraw, context)
            request.withdraw = id
            return request
        }
        guard !arguments.changes.isEmpty else {
            let isAlone = arguments.atStep == nil && arguments.over == nil
            guard isAlone, !arguments.checkpointFirst, arguments.expect.isEmpty,
                arguments.rule == nil
            else {
                throw Failure.usage("no change is given", hint: "such as lr=1e-4 or 'lr*=0.1'")
            }
            return nil
        }
        var request = Steering.request(.tune, context)
        var changes: [String: ControlRequest.Change] = [:]
        for text in arguments.changes {
            let (name, change) = try TuningWord.change(text, over: arguments.over)
            guard changes.updateValue(change, forKey: name) == nil else {
                throw Failure.usage("\(quoted(name)) is changed twice")
            }
        }
        request.changes = changes
        request.atStep = arguments.atStep
        if arguments.checkpointFirst { request.checkpointFirst = true }
        if !arguments.expect.isEmpty {
            request.expect = try Dictionary(
                arguments.expect.map(TuningWord.value), uniquingKeysWith: { $1 })
        }
        if arguments.atStep == nil {
            request.expires = request.time.addingTimeInterval(patience)
        }
        request.guard = try arguments.rule.map(TuningWord.guard)
        if let objection = request.objection { throw Failure.usage(objection) }
        return request
    }
}

/// One word of `train tune`.
enum TuningWord {
    /// `lr=1e-4` or `lr*=0.1`.
    static func change(
        _ text: String, over steps: Int?
    ) throws -> (String, ControlRequest.Change) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].isEmpty else { throw refusal(text) }
        let isScaled = parts[0].hasSuffix("*")
        let name = String(isScaled ? parts[0].dropLast() : parts[0])
        guard ControlRequest.isName(name) else { throw refusal(text) }
        var change = ControlRequest.Change()
        if isScaled {
            guard let factor = Double(parts[1]), factor.isFinite else {
                throw Failure.usage("\(quoted(text)): \(quoted(String(parts[1]))) is no factor")
            }
            change.scale = factor
        } else {
            change.set = json(String(parts[1]))
        }
        guard let steps else { return (name, change) }
        let ramp = ControlRequest.Ramp(set: change.set, scale: change.scale, steps: steps)
        return (name, ControlRequest.Change(ramp: ramp))
    }

    /// `lr=1e-3`, as it is expected to be.
    static func value(_ text: String) throws -> (String, JSONValue) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, ControlRequest.isName(String(parts[0])), !parts[1].isEmpty else {
            throw Failure.usage("--expect \(quoted(text)) is not NAME=VALUE")
        }
        return (String(parts[0]), json(String(parts[1])))
    }

    /// `loss/val < 1.1x for 500`: below 1.1 times what it was, for 500 steps.
    static func `guard`(_ text: String) throws -> ControlRequest.Guard {
        let words = text.split(separator: " ").map(String.init)
        guard words.count == 5, ["<", ">"].contains(words[1]), words[3] == "for",
            let limit = Double(words[2].hasSuffix("x") ? String(words[2].dropLast()) : words[2]),
            let steps = Int(words[4])
        else {
            throw Failure.usage(
                "--guard \(quoted(text)) is no rule",
                hint: "give NAME < LIMIT for STEPS, as in 'loss/val < 1.1x for 500'")
        }
        return ControlRequest.Guard(
            name: words[0], isBelow: words[1] == "<", limit: limit,
            isFactor: words[2].hasSuffix("x"), steps: steps)
    }

    private static func json(_ text: String) -> JSONValue {
        if text == "true" || text == "false" { return .bool(text == "true") }
        if let number = Int64(text) { return .integer(number) }
        if let number = Double(text), number.isFinite { return .number(number) }
        return .string(text)
    }

    private static func refusal(_ text: String) -> Failure {
        Failure.usage(
            "\(quoted(text)) is no change", hint: "give NAME=VALUE, or 'NAME*=FACTOR' to scale")
    }
}
