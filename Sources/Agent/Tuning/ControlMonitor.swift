import Shared

/// Takes commands that reach the machine or the bucket, hands tunings to the trainer, and tells what
/// became of them.
struct ControlMonitor: Monitor {
    /// A look is one listing of an empty directory and one look at a file's size.
    private static let step: Duration = .seconds(1)

    func run(_ context: RunContext) async {
        var desk = ControlDesk(context)
        while !Task.isCancelled {
            await desk.look()
            // Cancelled at the end of the training.
            try? await context.host.clock.sleep(for: Self.step)
        }
        desk.tellAnswers()
    }
}

/// What one agent knows of its commands.
struct ControlDesk {
    /// Without an upload nobody may have announced anything, and yet somebody may wait.
    private static let longestWait: Duration = .seconds(300)

    private let context: RunContext
    private var inbox: ControlInbox
    private var journal: TuningJournal
    private let watch: Stopwatch
    private var listedAt: Duration?
    private var listedGeneration = -1
    /// Requests that were answered, by this agent or by one before it.
    private var answered: Set<ULID>
    /// States that `events.jsonl` tells already.
    private var told: Set<String>

    init(_ context: RunContext) {
        self.context = context
        let client = try? context.job.output.map { try context.client(for: $0) }
        try? makeDirectories(context.job.work.control, mode: 0o700)
        inbox = ControlInbox(directory: context.job.work.control, client: client)
        let logs = context.job.directories.logs
        journal = TuningJournal(path: logs + "/" + BucketLayout.tuningJournal)
        watch = Stopwatch(context.host.clock)
        (answered, told) = Self.former(context.job.work.events)
    }

    /// What the agents before this one told.
    private static func former(_ path: String) -> (answered: Set<ULID>, told: Set<String>) {
        var (answered, told) = (Set<ULID>(), Set<String>())
        guard let data = try? readFile(path, limit: 256 << 20) else { return (answered, told) }
        let mark = Data("\"id\"".utf8)
        for line in data.split(separator: 0x0A) where line.firstRange(of: mark) != nil {
            guard let event = try? JSONFormat.decoder().decode(Event.self, from: line),
                case .string(let text)? = event.details?["id"], let id = ULID(text)
            else { continue }
            answered.insert(id)
            if case .string(let key)? = event.details?["key"] { told.insert(key) }
        }
        return (answered, told)
    }

    /// One look at all that may have come.
    mutating func look() async {
        var isNews = tellAnswers()
        for item in inbox.files(now: context.host.now()) {
            if await take(item) { isNews = true }
        }
        if isListingDue {
            listedAt = watch.elapsed
            listedGeneration = context.board.status.sync.generation
            // Where the bucket does not answer, the sync tells it; the next look comes.
            for item in (try? await inbox.objects()) ?? [] {
                if await take(item) { isNews = true }
            }
        }
        if tellAnswers() { isNews = true }
        // Who asked through the bucket waits for the events there.
        if isNews { await context.publish() }
    }

    private var isListingDue: Bool {
        guard inbox.client != nil else { return false }
        guard let listedAt else { return true }
        return context.board.status.sync.generation != listedGeneration
            || watch.elapsed - listedAt >= Self.longestWait
    }

    /// - Returns: false where nothing came of it: it was answered before, or must wait.
    private mutating func take(_ item: ControlInbox.Item) async -> Bool {
        guard !answered.contains(item.id) else {
            inbox.done(item)
            return false
        }
        switch item.request {
        case .failure(let failure):
            tell(item.id, "refused", failure.summary, [:])
        case .success(let request) where request.command == .stop:
            tell(item.id, "applied", "\(request.by) asks the training to stop", [:])
            context.stop.request(.signal(SIGTERM))
        case .success(let request) where request.command == .extend:
            await extend(request)
        case .success(let request):
            // Before that the journal may still be restored, and nobody reads it.
            guard context.board.status.trainerPid != nil, deliver(request) else { return false }
        }
        answered.insert(item.id)
        inbox.done(item)
        return true
    }

    /// Moves the run's limit, and with it the machine's own timer, or tells why not.
    ///
    /// The timer goes first: an agent that dies between the two leaves a machine that is turned off
    /// by the agent after it, before the timer would.
    private func extend(_ request: ControlRequest) async {
        do {
            let now = context.host.now()
            guard request.expires.map({ $0 >= now }) ?? true else {
                throw Failure("its time was over before it arrived")
            }
            guard context.stop.reason == nil else { throw Failure("the run is ending already") }
            let longest = try LimitChange.longest(
                asked: request, of: context.limitedJob, now: now)
            let timer = MachineTimer(runner: context.host.runner)
            let current = context.limitedJob.maxDurationSeconds ?? longest
            let job = context.job.maxDurationSeconds ?? current
            // The timer of a machine that took over a longer time was armed for that.
            let first =
                try context.journal.timerHour ?? timer.hour().map { $0 - Int64(current - job) }
            if let first {
                try await context.record { $0.timerHour = first }
                try await timer.move(to: first + Int64(longest - job))
            }
            try await context.record { $0.maxDurationSeconds = longest }
            context.board.update { $0.maxDurationSeconds = longest }
            let end = context.job.createdAt.addingTimeInterval(longest)
            tell(
                request.id, "applied",
                "the longest time is \(TimeSpan(seconds: longest)) now: until "
                    + "\(end.formatted(.iso8601)), asked by \(request.by)",
                ["max_duration_seconds": .number(longest)])
        } catch {
            let failure = error as? Failure ?? Failure("\(error)")
            tell(request.id, "refused", "the limit stays: \(failure.summary)", [:])
        }
    }

    /// - Returns: false where the disk does not take it: it stays where it is.
    private func deliver(_ request: ControlRequest) -> Bool {
        let attempt = context.journal.start.number
        let knobs = context.job.directories.logs + "/" + BucketLayout.knobs
        var refusal = KnobTable.read(knobs, attempt: attempt)?.objection(to: request)
        if case .unknown(let name) = request.command {
            refusal = "this agent does not know the command \(quoted(name))"
        }
        if let expires = request.expires, expires < context.host.now() {
            refusal = "its time was over before it arrived"
        }
        do {
            try journal.append(
                request, refusal: refusal, attempt: attempt, now: context.host.now())
            return true
        } catch {
            context.board.warn("a tuning cannot be delivered: \(error)")
            return false
        }
    }

    /// Tells as events what is new in the journal.
    ///
    /// - Returns: whether there was anything.
    @discardableResult
    mutating func tellAnswers() -> Bool {
        var isNews = false
        for line in journal.news() {
            // What an earlier trainer's lines say was told by its agent.
            let key = "\(line.state) \(line.step ?? -1) \(line.id)"
            answered.insert(line.id)
            guard told.insert(key).inserted else { continue }
            isNews = true
            var details = line.fields
            details["key"] = .string(key)
            tell(line.id, line.state, TuningText.sentence(line), details)
        }
        return isNews
    }

    private func tell(
        _ id: ULID, _ state: String, _ message: String, _ details: [String: JSONValue]
    ) {
        let known: [String: JSONValue] = ["id": .string(id.description), "state": .string(state)]
        context.board.event(
            .tuning, phase: .train, message, details: details.merging(known) { $1 })
    }
}
