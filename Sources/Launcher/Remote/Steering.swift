import Shared

/// One way to a run's agent: commands go there, and its answers come back.
protocol ControlRoad: Sendable {
    /// As a person calls it.
    var name: String { get }
    /// Between two looks at whether there is an answer.
    var interval: Duration { get }
    func send(_ request: ControlRequest) async throws
    /// The last bytes of a file of the run, by its name in the bucket; nil if there is none.
    func read(_ name: String, last limit: Int) async throws -> Data?
}

/// Straight to the machine.
struct MachineRoad: ControlRoad {
    let connection: any MachineConnection
    let name = "the machine"
    let interval = Duration.milliseconds(500)

    func send(_ request: ControlRequest) async throws { try await connection.deliver(request) }

    func read(_ name: String, last limit: Int) async throws -> Data? {
        try await connection.contents(of: name, last: limit)
    }
}

/// Through the bucket, where the machine cannot be reached: a run without an open port is steered so.
struct BucketRoad: ControlRoad {
    let run: RunHandle
    let name = "the bucket"
    let interval = Duration.seconds(5)

    /// Warns that another host may pose as the machine, which a command over this transport would hide.
    static func warn(of failure: Failure, _ context: Context) {
        guard failure.reason == .hostKeyChanged else { return }
        let detail = failure.detail.map { "\n\($0)" } ?? ""
        context.console.error("warning: \(failure.summary)\(detail)\n")
    }

    func send(_ request: ControlRequest) async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let file = directory.path + "/request"
        try AtomicFile.write(JSONFormat.encode(request), to: file)
        let client = try run.record.client(runner: run.context.runner)
        try await client.upload(
            file: file, as: "\(BucketLayout.control)/\(request.id).json")
    }

    func read(_ name: String, last limit: Int) async throws -> Data? {
        let client = try run.record.client(runner: run.context.runner)
        return try await client.read(name, limit: 256 << 20).map { Data($0.suffix(limit)) }
    }
}

/// Sends one command to a run's agent and follows what becomes of it.
struct Steering {
    let run: RunHandle
    let road: any ControlRoad
    let context: Context

    /// What is read of the events to find an answer in; older ones are of other requests.
    private static let newestEvents = 256 << 10

    /// The machine where it answers, else the bucket.
    ///
    /// - Throws: `Failure` where the run has no machine that trains.
    static func open(_ address: RunAddress, _ context: Context) async throws -> Steering {
        let view = try await RunStore(context: context).open(address).look()
        let run = view.run
        guard view.state == .running else {
            let state = StatusText.headline(view, now: context.now())
            throw Failure("\(run.name) does not run: \(state)")
        }
        do {
            let connection = try await run.cloud.connection(to: run)
            _ = try await connection.contents(of: BucketLayout.status, last: 1)
            return Steering(run: run, road: MachineRoad(connection: connection), context: context)
        } catch let failure as Failure {
            BucketRoad.warn(of: failure, context)
            return Steering(run: run, road: BucketRoad(run: run), context: context)
        }
    }

    static func request(_ command: ControlRequest.Command, _ context: Context) -> ControlRequest {
        let user = context.environment["USER"] ?? context.environment["LOGNAME"] ?? "somebody"
        var buffer = [CChar](repeating: 0, count: 256)
        gethostname(&buffer, 255)
        let letters = buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
        let host = String(decoding: letters, as: UTF8.self)
        return ControlRequest(
            id: ULID(time: context.now(), random: context.random),
            by: String(harmlessLine("\(user)@\(host)").prefix(100)), time: context.now(),
            command: command)
    }

    /// What became of a request so far.
    struct Answer: Encodable, Equatable {
        var id: ULID
        /// `delivered`, `scheduled`, `saved`, `applied`, `refused`, `expired`, `withdrawn`; of a change
        /// with a guard also `kept` or `reverted`, which come later.
        var state: String
        var step: Int64?
        var message: String
        /// Where the request went and the answer came from.
        var road: String

        var isLast: Bool {
            ["applied", "refused", "expired", "withdrawn"].contains(state)
        }
        var isGood: Bool { !["refused", "expired"].contains(state) }
    }

    /// Sends a request and follows it until `isEnough`, or until the time is over.
    ///
    /// - Parameter tell: told each state once, in order.
    /// - Returns: the last state; nil where the agent has not answered at all.
    func follow(
        _ request: ControlRequest, atMost limit: Duration, until isEnough: (Answer) -> Bool,
        tell: (Answer) -> Void
    ) async throws -> Answer? {
        try await road.send(request)
        var waited = Duration.zero
        var told = 0
        while true {
            // A road that fails once may answer the next time: the request is there already.
            let answers = (try? await answers(to: request.id)) ?? []
            for answer in answers.dropFirst(told) { tell(answer) }
            told = max(told, answers.count)
            if let last = answers.last, last.isLast || isEnough(last) { return last }
            guard waited < limit else { return answers.last }
            try await context.clock.sleep(for: road.interval)
            waited += road.interval
        }
    }

    private func answers(to id: ULID) async throws -> [Answer] {
        try await events(last: Self.newestEvents).compactMap { event in
            guard event.details?["id"] == .string(id.description),
                case .string(let state)? = event.details?["state"]
            else { return nil }
            var step: Int64?
            if case .integer(let number)? = event.details?["step"] { step = number }
            return Answer(
                id: id, state: harmlessLine(state), step: step,
                message: harmlessLine(event.message), road: road.name)
        }
    }

    /// The tuning events of the run, oldest first.
    func events(last limit: Int) async throws -> [Event] {
        guard let data = try await road.read(BucketLayout.events, last: limit) else { return [] }
        let decoder = JSONFormat.decoder()
        // The first line may be cut off.
        return data.split(separator: 0x0A).compactMap { line in
            let event = try? decoder.decode(Event.self, from: line)
            return event?.kind == .tuning ? event : nil
        }
    }
}
