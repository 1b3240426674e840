import Shared

extension SyncEngine {
    /// Looks at what a trainer of a former agent, which still runs, has open and has closed.
    func observe() async {
        guard client != nil else { return }
        await gate.alone {
            guard (try? prepare()) != nil else { return }
            let (pending, _) = scan()
            _ = judge(pending, last: false)
        }
    }

    /// Tells that no trainer runs any more.
    ///
    /// After an abnormal end every file that was not whole by then counts as half-written, until it
    /// changes again: it goes up beside its name, as `.partial`.
    ///
    /// - Parameter machineDied: the trainer ended with its machine. What was not on the disk by then
    ///   is lost, also of files that were renamed into place: they can be empty.
    func trainerEnded(abnormally: Bool, machineDied: Bool = false) async {
        guard client != nil, abnormally else { return watch(nil) }
        await gate.alone {
            defer { watch(nil) }
            guard (try? prepare()) != nil else { return }
            let (pending, _) = scan()
            var dead: [IndexJournal.Entry] = []
            let files = pending.filter { !table[$0].flags.contains(.log) }
            let lost = machineDied ? files.filter { !isUp($0) } : leftBehind(files)
            for index in lost {
                let path = table.path(index)
                halfWritten[PathKey(path)] = table[index].current
                dead.append(.halfWritten(path, table[index].current))
            }
            remember(dead)
        }
    }

    /// Whether it is up but for its ctime, which can be lost with the power as well.
    private func isUp(_ index: Int) -> Bool {
        table[index].up?.stamp.isSameContent(as: table[index].current) ?? false
    }

    /// What counts as half-written: all that is not known to be whole; and, in a directory below
    /// `output/`, what was written later than a new file of these. A checkpoint's index would
    /// promise its parts. In `output/` itself files have nothing to do with each other.
    private func leftBehind(_ pending: [Int]) -> [Int] {
        let time = watch.elapsed
        var oldest: [PathKey: Int64] = [:]
        var left: [Int] = []
        var whole: [Int] = []
        for index in pending {
            let verdict = Settling.verdict(
                settlingCase(index, isOpen: false, time: time), maxStaleness: .seconds(1 << 40))
            if case .whole = verdict {
                whole.append(index)
                continue
            }
            left.append(index)
            let parent = parentDirectory(table.path(index))
            guard table[index].up == nil, parent != BucketLayout.output else { continue }
            let directory = PathKey(parent)
            oldest[directory] = min(oldest[directory] ?? .max, table[index].current.mtime)
        }
        return left
            + whole.filter { index in
                let directory = PathKey(parentDirectory(table.path(index)))
                return oldest[directory].map { $0 <= table[index].current.mtime } ?? false
            }
    }

    /// The last sync: everything, verified against the bucket's listing, until `deadline`.
    ///
    /// - Parameter deadline: nil takes the job's `finalSyncTimeoutSeconds`.
    /// - Throws: `Failure` naming what is missing; the machine's disk is then the only copy of it.
    func finish(until deadline: Date?) async throws {
        guard client != nil else { return withoutStore() }
        let budget =
            deadline.map { Duration.seconds($0.timeIntervalSince(now())) }
            ?? .seconds(job.sync.finalSyncTimeoutSeconds)
        let limit = watch.elapsed + budget
        try await gate.alone {
            defer { report(record) }
            var attempt = 1
            var cause: (any Error)?
            while true {
                do {
                    try await withinTime(limit) { try await self.finishOnce() }
                    record.consecutiveFailures = 0
                    record.lastError = nil
                    record.lastSuccessAt = now()
                    return
                } catch {
                    fail(error)
                    // Why there was not enough time says more than that there was not.
                    if !(error is OutOfTime) || cause == nil { cause = error }
                    let pause = retry.wait(before: attempt)
                    guard !(error is Hopeless), !Task.isCancelled, watch.elapsed + pause < limit
                    else { throw notVerified(cause ?? error) }
                    report(record)
                    try await clock.sleep(for: pause)
                    attempt += 1
                }
            }
        }
    }

    /// A failure that no repetition mends.
    private struct Hopeless: Error, CustomStringConvertible {
        var failure: Failure
        var description: String { failure.description }
    }

    private struct OutOfTime: Error, CustomStringConvertible {
        var description: String { "the time for the last sync is over" }
    }

    private func finishOnce() async throws {
        guard let client else { return }
        try prepare()
        if permission == .notRestored { try await restoreOnce() }
        if case .refused(let reason) = permission {
            throw Hopeless(failure: Failure("output and logs were not uploaded: \(reason)"))
        }
        try await sync(last: true)
        let differences = try await differences(from: client.list())
        guard differences.isEmpty else { throw try await mend(differences) }
        try await writeManifest(final: true)
        record.verified = true
        record.unsyncedSince = nil
        record.missingFiles = []
        let verdict = "the last sync is verified: \(record.files) files"
        log.info(verdict)
        event(
            .sync, verdict,
            [
                "files": .integer(Int64(record.files)), "bytes": .integer(record.bytes),
                "generation": .integer(Int64(record.generation)),
            ])
    }

    /// Forgets that these are up, so that the next attempt sends them, and says what is wrong.
    private func mend(_ differences: [Difference]) async throws -> any Error {
        var canMend = false
        for difference in differences {
            let index = table.index(of: difference.path)
            table[index].up = nil
            // By a copy: a link has the time by which some tool took it for up.
            table[index].flags.insert(.inPlace)
            partials = partials.filter { $0.value.name != difference.path }
            canMend = canMend || table[index].seen == scanNumber || !halfWritten.isEmpty
        }
        isManifestBehind = true
        let failure = Failure(
            "the bucket does not hold what was uploaded: \(differences.count) files differ",
            detail: differences.prefix(20).map(\.description).joined(separator: "\n"))
        if !canMend {
            try await writeManifest(final: false)
            return Hopeless(failure: failure)
        }
        return failure
    }

    private func notVerified(_ error: any Error) -> Failure {
        let cause = (error as? Hopeless)?.failure ?? error as? Failure ?? Failure("\(error)")
        let unsent = pendingPaths()
        record.missingFiles = Array(unsent.prefix(20))
        let shown =
            unsent.prefix(20).map { quoted($0) }
            + [unsent.count > 20 ? "…" : nil]
            .compactMap { $0 }
        let detail = [
            cause.detail, shown.isEmpty ? nil : "not uploaded: " + shown.joined(separator: ", "),
        ]
        return Failure(
            "the last sync is not verified: \(cause.summary)",
            detail: detail.compactMap { $0 }.joined(separator: "\n"),
            hint: "the machine's disk still holds everything; do not delete it")
    }

    private func pendingPaths() -> [String] {
        table.records.indices.filter { index in
            let file = table[index]
            return file.seen == scanNumber && scanNumber > 0 && file.isPending
                && partials[PathKey(table.path(index))] == nil
        }.map { table.path($0) }
    }

    /// Runs `body`, and cancels it when the time is up: a transfer is then killed.
    private func withinTime(
        _ limit: Duration, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let rest = limit - watch.elapsed
        guard rest > .zero else { throw OutOfTime() }
        let clock = clock
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await body()
                return true
            }
            group.addTask {
                try await clock.sleep(for: rest)
                return false
            }
            defer { group.cancelAll() }
            guard try await group.next() == true else { throw OutOfTime() }
        }
    }
}
