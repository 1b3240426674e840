import Shared

/// `train finish`: downloads, verifies, and only then destroys. It can be killed at any point and
/// called again.
struct Finish: Sendable {
    let context: Context

    /// Between an agent's last word and the end of its machine or process lie seconds.
    private static let mostSecondsToGoOff = 60

    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "finish", FinishArguments.self,
            summary: "Brings the output home, checks every byte, and removes the machine.",
            discussion: """
                Makes the folder TIMESTAMP_CODE_DATASET with output, logs and run in it. As long as
                a byte is missing or differs, nothing is destroyed. It can be broken off at any
                point and called again.

                Exits with 0 when all is here and removed, however the training ended; the first line
                says how. With --exit_status the trainer's own status follows, 125 where it is not
                known. 1 means that something is left.
                """
        ) { parsed in
            let arguments = try parsed.checked()
            return try await untilInterrupted {
                let (result, outcome) = try await Finish(context: context).run(arguments)
                if arguments.json {
                    if let result { try context.console.printJSON(result) }
                } else if let result {
                    context.console.output(result.text)
                }
                guard arguments.exitStatus else { return ExitCode.ok.rawValue }
                return outcome?.processExitStatus ?? ExitCode.setupFailed.rawValue
            }
        }
    }

    /// - Returns: nil if there was nothing to collect.
    func perform(_ arguments: FinishArguments) async throws -> FinishResult? {
        try await run(arguments).result
    }

    private func run(
        _ arguments: FinishArguments
    ) async throws -> (result: FinishResult?, outcome: Outcome?) {
        let opened = try await RunStore(context: context).open(arguments.address)
        let force = try isTyped(arguments.force, "--force", run: opened.name)
        let discards = try isTyped(arguments.discard, "--discard", run: opened.name)
        let line = context.progress()
        defer { line.clear() }
        switch opened.presence {
        case .known: break
        case .finishedElsewhere: throw try forget(opened)
        case .lost:
            line.say(
                .warning,
                "the state bucket has lost this run; going on with what this computer knows of it")
        }
        let view = try await atRest(try await opened.recovered(force: force), arguments, force)
        sayOutcome(view, isForPrograms: arguments.json, line)
        let name = opened.name
        do {
            return try await context.interruptible {
                guard let lock = try view.run.lock() else { return (nil, view.status?.outcome) }
                defer { withExtendedLifetime(lock) {} }
                let result = try await finish(
                    view, destination: arguments.destination, force: force, discards: discards,
                    line: line)
                return (result, view.status?.outcome ?? result?.outcome)
            }
        } catch let interrupted as Interrupted {
            throw Failure(
                "interrupted; what is downloaded stays, and nothing of it is lost",
                hint: "go on with: train finish \(name)",
                exitStatus: ExitCode.signalled(interrupted.signal))
        }
    }

    /// The name has to be typed a second time: these are what loses output.
    private func isTyped(_ typed: String?, _ flag: String, run: RunName) throws -> Bool {
        guard let typed else { return false }
        guard typed == run.description else {
            throw Failure.usage(
                "\(flag) \(quoted(typed)) is not the run's name",
                hint: "give it in full: \(flag) \(run)")
        }
        return true
    }

    /// Removes what is left here of a run that is proven to be gone.
    ///
    /// - Returns: what to tell: this computer has none of its output.
    private func forget(_ run: RunHandle) throws -> Failure {
        if let lock = try run.lock() {
            try run.folder.remove()
            withExtendedLifetime(lock) {}
        }
        return Failure(
            "\(run.name) is not in its state bucket any more: another computer has finished it",
            hint: "its output is on that computer; what this one kept of the run is removed")
    }

    /// How the training ended comes first: it decides what the rest is worth.
    private func sayOutcome(_ view: RunView, isForPrograms: Bool, _ line: LiveLine) {
        guard let outcome = view.status?.outcome else { return }
        let text = OutcomeText(outcome)
        if isForPrograms {
            line.say("\(view.run.name): \(text.line)")
        } else {
            context.console.output("\(view.run.name): \(oneLine(text.line))\n")
        }
        text.reason.forEach(line.say)
    }

    // MARK: Before the download

    /// Brings the run to its end as the flags ask, or refuses.
    private func atRest(
        _ run: RunHandle, _ arguments: FinishArguments, _ force: Bool
    ) async throws -> RunView {
        var run = run
        if force {
            // Where the agent is gone its trainer may still write: that ends first too.
            if run.record.stage == .started { try await run.cloud.kill(run) }
            run = try await run.reread().recovered(force: true)
        }
        var view = try await run.look(force: force)
        if view.isGoingOff { view = try await off(view, force: force) }
        guard view.state == .running else { return view }
        if arguments.stop {
            try await Stop.ask(run, context)
        } else if !arguments.wait && !force {
            throw Failure(
                "\(run.name) is still alive: \(StatusText.headline(view, now: context.now()))",
                hint: "wait for it: train finish \(run.name) --wait; ask it to save and end: "
                    + "train finish \(run.name) --stop; kill it and take what there "
                    + "is: train finish \(run.name) --force \(run.name)")
        }
        return try await Watch(context: context).follow(run)
    }

    /// Waits for a machine whose agent has ended: a script that polls for the end calls this at once.
    ///
    /// - Returns: the run as it is then, or after a minute.
    private func off(_ view: RunView, force: Bool) async throws -> RunView {
        let line = context.progress()
        defer { line.clear() }
        return try await context.interruptible {
            try await Steps(line, clock: context.clock).run("waiting for the machine to go off") {
                var view = view
                var seconds = 0
                while view.isGoingOff, seconds < Self.mostSecondsToGoOff {
                    try await context.clock.sleep(for: .seconds(1))
                    seconds += 1
                    view = try await view.run.look(force: force)
                }
                return view
            }
        }
    }

    // MARK: Under the lock

    private func finish(
        _ view: RunView, destination: String, force: Bool, discards: Bool, line: LiveLine
    ) async throws -> FinishResult? {
        // Read again under the lock: another launcher may have changed it.
        var run = try await view.run.reread().recovered(force: force)
        let steps = Steps(line, clock: context.clock)
        let collector = Collector(
            lock: try await DownloadLock.take(in: run.folder, steps: steps), steps: steps)
        var result: FinishResult?
        switch run.record.stage {
        case .starting:
            line.say("  \(run.name) was never started in full; there is nothing to collect")
        case _ where discards:
            line.say(.warning, "nothing is downloaded: the output of \(run.name) is discarded")
        case .started:
            result = try await collector.collect(
                &run, status: view.status, destination: destination, force: force)
        case .collected:
            result = try await collectedBefore(
                &run, by: collector, destination: destination, force: force)
        }
        line.say("  removing the run from \(run.name.cloud) …")
        try await run.cloud.destroy(run, force: force, steps: steps)
        let removal = Removal(removedAt: context.now(), cloud: run.name.cloud)
        try run.folder.remove()
        line.say(.good, "removing the run from \(run.name.cloud): done")
        // After it: what a log or a pattern of the user's makes of this costs no machine's time.
        if !discards, let directory = result?.directory ?? run.record.collection,
            isDirectory(directory)
        {
            removal.write(into: directory)
            let (page, receipt) = await report(of: directory, line)
            result?.report = page
            result?.receipt = receipt
        }
        return result
    }

    /// Writes the page of what is collected; where that fails, `train report` can do it later.
    private func report(of directory: String, _ line: LiveLine) async -> (String?, String?) {
        let now = context.now()
        do {
            return try await offTaskThreads(untilCancelled: { _ in
                let source = try RunSource.of(folder: directory)
                let page = ReportPage(source.run, now: now)
                try page.write(to: source.reportPath)
                return (source.reportPath, page.receipt.line)
            })
        } catch {
            line.say(.warning, "no report was written: \(error)")
            return (nil, nil)
        }
    }

    /// Looks whether what was downloaded before is still there, and downloads it again if not.
    private func collectedBefore(
        _ run: inout RunHandle, by collector: Collector, destination: String, force: Bool
    ) async throws -> FinishResult? {
        let line = collector.steps.line
        guard let place = run.record.collection, let completeness = run.record.completeness else {
            line.say("  everything is downloaded already: by another computer")
            return nil
        }
        let former = PreviousDownload(directory: place, completeness: completeness)
        guard !force, let lack = former.lack() else {
            line.say("  everything is downloaded already: \(place)")
            return nil
        }
        return try await collector.collectAgain(&run, lack: lack, destination: destination)
    }
}
