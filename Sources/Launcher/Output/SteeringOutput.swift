import Shared

/// What `train tune` and `train checkpoint` print.
struct SteeringOutput {
    let json: Bool
    let context: Context

    /// An agent that hears of a request through the bucket may take 5 minutes.
    static let patience = Duration.seconds(330)
    private static let historyLength = 10

    /// Sends a request and prints each of its states.
    ///
    /// - Returns: 0 where it is done, or is to be at a step that the user named; 1 where it is refused,
    ///   or there is no answer yet.
    func show(_ request: ControlRequest, _ steering: Steering) async throws -> Int32 {
        if !json, steering.road is BucketRoad {
            context.console.error(
                "the machine cannot be reached from here: it goes through the bucket\n")
        }
        let answer = try await context.interruptible {
            try await steering.follow(
                request, atMost: Self.patience,
                until: { $0.state == "scheduled" && request.atStep != nil },
                tell: { if !json { context.console.output($0.message + "\n") } })
        }
        let isOver = answer.map { $0.isLast || request.atStep != nil } ?? false
        if json {
            try context.console.printJSON(
                answer
                    ?? Steering.Answer(
                        id: request.id, state: "sent", message: "", road: steering.road.name))
        } else if !isOver {
            context.console.error(
                "no answer so far; it stays asked for:  train tune \(steering.run.name)\n"
                    + "take it back:  train tune \(steering.run.name) --withdraw \(request.id)\n")
        } else if answer?.isLast == false {
            context.console.output(
                "take it back:  train tune \(steering.run.name) --withdraw \(request.id)\n")
        }
        return isOver && answer?.isGood == true ? ExitCode.ok.rawValue : ExitCode.failed.rawValue
    }

    /// Prints what can be tuned, what is pending and what was changed.
    func list(_ steering: Steering) async throws -> Int32 {
        let name = "\(BucketLayout.logs)/\(BucketLayout.knobs)"
        let data = try await steering.road.read(name, last: 1 << 20)
        let table = data.flatMap { try? JSONFormat.decoder().decode(Knobs.self, from: $0) }
        let changes = Self.newest(of: try await steering.events(last: 4 << 20))
        if json {
            try context.console.printJSON(Listing(knobs: table, changes: changes))
            return ExitCode.ok.rawValue
        }
        if let table {
            context.console.output(table.text(now: context.now()))
        } else {
            context.console.output("nothing can be tuned so far: no step was made\n")
        }
        if !changes.isEmpty {
            var rows = Table("CHANGE", "STATE", "WHAT")
            for change in changes.suffix(Self.historyLength) {
                rows.rows.append([change.id, change.state, change.message])
            }
            context.console.output("\n" + rows.text)
        }
        return ExitCode.ok.rawValue
    }

    /// The last state of each request, oldest request first.
    private static func newest(of events: [Event]) -> [Listing.Change] {
        var changes: [Listing.Change] = []
        for event in events {
            guard case .string(let id)? = event.details?["id"],
                case .string(let state)? = event.details?["state"], state != "replayed"
            else { continue }
            let change = Listing.Change(
                id: harmlessLine(id), state: harmlessLine(state),
                message: harmlessLine(event.message), time: event.time)
            if let index = changes.firstIndex(where: { $0.id == change.id }) {
                changes[index] = change
            } else {
                changes.append(change)
            }
        }
        return changes
    }

    private struct Listing: Encodable {
        struct Change: Encodable {
            var id: String
            var state: String
            var message: String
            var time: Date
        }

        var knobs: Knobs?
        var changes: [Change]
    }
}

/// `logs/knobs.json`, which the trainer wrote.
private struct Knobs: Codable {
    struct Knob: Codable {
        var type: String
        var value: JSONValue
        var planned: JSONValue?
        var minimum: Double?
        var maximum: Double?
        var choices: [JSONValue]?
        var source: String
    }

    /// Seconds since 1970.
    var time: Double
    var step: Int64
    var clock: String
    var blind: [String]?
    var knobs: [String: Knob]

    func text(now: Date) -> String {
        var table = Table("NAME", "VALUE", "PLANNED", "RANGE", "DECLARED BY")
        for (name, knob) in knobs.sorted(by: { $0.key < $1.key }) {
            table.rows.append(
                [
                    name, text(knob.value), knob.planned.map(text) ?? "", range(knob),
                    knob.source == "declared" ? "the program" : knob.source,
                ].map(harmlessLine))
        }
        let age = TimeSpan(seconds: max(0, (now.timeIntervalSince1970 - time).rounded()))
        let notes = (blind ?? []).map { "not seen: \(harmlessLine($0))\n" }.joined()
        return table.text + "at step \(step), \(age) ago\n" + notes
    }

    private func range(_ knob: Knob) -> String {
        if let choices = knob.choices { return choices.map(text).joined(separator: " | ") }
        switch (knob.minimum, knob.maximum) {
        case (let low?, let high?): return "\(low) to \(high)"
        case (let low?, nil): return "\(low) or more"
        case (nil, let high?): return "\(high) or less"
        case (nil, nil): return knob.type
        }
    }

    private func text(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .bool(let value): "\(value)"
        case .array(let values): values.map(text).joined(separator: ",")
        case .null, .object: "?"
        }
    }
}
