import Shared
import Synchronization

/// Watches one run: reads its log, status and GPUs side by side, and shows them.
struct RunWatching: Sendable {
    let run: ReadableRun
    let context: Context

    private static let frame: Duration = .milliseconds(500)
    private static let betweenStatuses: Duration = .seconds(1)
    private static let betweenGPUs: Duration = .seconds(5)
    private static let betweenCurves: Duration = .seconds(5)
    private static let betweenBucketCurves: Duration = .seconds(60)

    /// On the whole terminal, drawn anew twice a second and to its size.
    ///
    /// - Returns: the exit code that the outcome asks for.
    func onScreen() async throws -> Int32 {
        let screen = FullScreen(write: context.console.draw)
        let board = Board(WatchModel(name: run.name, source: run.source.kind))
        screen.begin()
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await readLog { news in board.update { $0.take(news) } } }
                group.addTask {
                    try await readStatus { status, trouble in
                        board.update { model in
                            model.status = status ?? model.status
                            model.trouble = trouble
                            model.source = run.source.kind
                        }
                    }
                }
                group.addTask { try await readGPUs { gpus in board.update { $0.gpus = gpus } } }
                group.addTask { await readCurves { curves in board.update { $0.curves = curves } } }
                group.addTask {
                    while true {
                        let (width, height) = context.screenSize()
                        let rows = WatchScreen(
                            model: board.model, width: width, height: height,
                            terminal: context.terminal, now: context.now()
                        ).rows
                        screen.draw(rows)
                        try await context.clock.sleep(for: Self.frame)
                    }
                }
                // The log ends last: its reader looks once more after the end.
                try await group.next()
                group.cancelAll()
            }
        } catch {
            screen.end()
            throw error
        }
        screen.end()
        return try await sayEnd()
    }

    /// A line for each change, and for each line of the log.
    ///
    /// - Parameter json: each as one object.
    /// - Returns: the exit code that the outcome asks for.
    func asLines(json: Bool) async throws -> Int32 {
        let told = Told()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await readLog { news in
                    guard case .line(let line) = news else { return }
                    if json {
                        try? context.console.printJSONLine(WatchLine(log: Logs.Row(line)))
                    } else {
                        context.console.output("| \(line.shown)\n")
                    }
                }
            }
            group.addTask {
                try await readStatus { status, trouble in
                    let news = told.news(in: status)
                    for change in news { say(change.text, json: json) }
                    if let trouble { say("not seen now: \(trouble)", json: json) }
                    guard let text = status?.progress?.text, status?.phase == .train else { return }
                    let isDue = told.isProgressDue(at: context.now())
                    if isDue { say(text, json: json) }
                }
            }
            try await group.next()
            group.cancelAll()
        }
        return try await sayEnd(json: json)
    }

    private func say(_ text: String, json: Bool) { Self.say(text, json: json, context.console) }

    static func say(_ text: String, json: Bool, _ console: Console) {
        if json {
            try? console.printJSONLine(WatchLine(news: oneLine(text)))
        } else {
            console.output(oneLine(text) + "\n")
        }
    }

    /// One object of `--json`.
    struct WatchLine: Encodable {
        var log: Logs.Row?
        var news: String?
        var outcome: Outcome?
    }

    private func sayEnd(json: Bool = false) async throws -> Int32 {
        let outcome = try await run.source.status()?.outcome
        if json {
            try context.console.printJSONLine(WatchLine(outcome: outcome))
        } else if let outcome {
            let text = OutcomeText(outcome)
            context.console.output("\(run.name): \(text.line)\n")
            for line in text.reason { context.console.error(line + "\n") }
        } else {
            context.console.output("\(run.name) has ended without an outcome\n")
        }
        return outcome?.processExitStatus ?? ExitCode.failed.rawValue
    }

    // MARK: Reading

    /// Returns when the run has ended and its log is read to the end, or when stdout is closed.
    private func readLog(_ tell: @escaping @Sendable (LogFollower.News) -> Void) async throws {
        let path = "\(BucketLayout.logs)/\(BucketLayout.trainLog)"
        let offset = try await LogStart.tail(200).offset(
            in: path, of: run.source, isIndexed: true, now: context.now())
        let reader = LogReader(source: run.source, path: path, isIndexed: true, from: offset)
        try await LogFollower(run: run, isFollowing: true).follow(reader) { news in
            tell(news)
            return !context.console.isOutputClosed
        }
    }

    private func readStatus(_ tell: (RunStatus?, String?) -> Void) async throws {
        var trouble: String?
        while true {
            do {
                tell(try await run.source.status(), nil)
                trouble = nil
            } catch let failure as Failure {
                if trouble != failure.summary { tell(nil, failure.summary) }
                trouble = failure.summary
            }
            if run.source.kind == .bucket {
                try await run.source.pause()
            } else {
                try await context.clock.sleep(for: Self.betweenStatuses)
            }
        }
    }

    private func readCurves(_ tell: (CurvePane) -> Void) async {
        guard var reader = try? CurveReader(run) else { return await forEver() }
        while !Task.isCancelled {
            // What cannot be read now is read at the next look; the log's reader tells of trouble.
            if let curves = try? await reader.read() { tell(curves) }
            let pause = run.source.kind == .bucket ? Self.betweenBucketCurves : Self.betweenCurves
            do { try await context.clock.sleep(for: pause) } catch { return }
        }
    }

    /// Until the task is cancelled: a reader that ends would end the screen.
    private func forEver() async {
        while !Task.isCancelled { try? await context.clock.sleep(for: .seconds(3600)) }
    }

    /// Only the machine itself says what its GPUs do.
    private func readGPUs(_ tell: ([GPUReading]) -> Void) async throws {
        var machine: MachineSource?
        if let view = run.view, view.state == .running {
            machine = try? await ReadableRun.machine(of: view)
        }
        while true {
            if let machine, run.source.kind != .bucket {
                let output = try? await machine.connection.output(of: GPUReading.words)
                tell(output.map(GPUReading.all) ?? [])
            } else {
                tell([])
            }
            try await context.clock.sleep(for: Self.betweenGPUs)
        }
    }
}

/// The model that several readers change and the screen shows.
private final class Board: Sendable {
    private let state: Mutex<WatchModel>
    init(_ model: WatchModel) { state = Mutex(model) }
    var model: WatchModel { state.withLock { $0 } }
    func update(_ change: (inout WatchModel) -> Void) { state.withLock { change(&$0) } }
}

/// What was told of the status as plain lines.
private final class Told: Sendable {
    private let state = Mutex((changes: StatusChanges(), progress: Date.distantPast))

    func news(in status: RunStatus?) -> [StatusChanges.Change] {
        state.withLock { $0.changes.news(in: status) }
    }

    /// Twice a minute.
    func isProgressDue(at now: Date) -> Bool {
        state.withLock { state in
            guard now.timeIntervalSince(state.progress) >= 30 else { return false }
            state.progress = now
            return true
        }
    }
}

extension WatchModel {
    /// What the log's follower tells.
    mutating func take(_ news: LogFollower.News) {
        switch news {
        case .line(let line): append(line.shown)
        case .update(let line): update = line.shown
        case .trouble(let failure): trouble = failure.summary
        case .rewritten: break
        }
    }
}
