import Shared

/// A failure that no repetition mends.
private struct Hopeless: Error {
    var failure: Failure
}

private struct OutOfTime: Error, CustomStringConvertible {
    var description: String { "the time for the last sync is over" }
}

extension SyncEngine {
    /// The final sync: everything, verified against the bucket's listing, until `deadline`.
    ///
    /// - Parameters:
    ///   - deadline: nil takes the job's `finalSyncTimeoutSeconds`.
    ///   - isHurried: the time may not be enough for all: see `ShutdownOrder`.
    /// - Throws: `Failure` naming what is missing; the machine's disk is then the only copy of it.
    func finish(until deadline: Date?, isHurried: Bool = false) async throws {
        guard uploader != nil else {
            noteEnd()
            return progress.tellNoStore()
        }
        let budget =
            deadline.map { Duration.seconds($0.timeIntervalSince(context.now())) }
            ?? .seconds(context.settings.finalSyncTimeoutSeconds)
        let limit = context.stopwatch.elapsed + budget
        try await gate.alone {
            defer {
                noteEnd()
                progress.tell()
            }
            var attempt = 1
            var cause: (any Error)?
            while true {
                do {
                    try await withinTime(limit) { try await self.finishOnce(isHurried) }
                    return progress.succeed()
                } catch {
                    let failure = (error as? Hopeless)?.failure ?? error
                    progress.fail(failure)
                    // Why there was not enough time says more than that there was not.
                    if !(error is OutOfTime) || cause == nil { cause = failure }
                    let pause = retry.wait(before: attempt)
                    guard !(error is Hopeless), !Task.isCancelled,
                        context.stopwatch.elapsed + pause < limit
                    else { throw notVerified(cause ?? failure) }
                    progress.tell()
                    try await context.clock.sleep(for: pause)
                    attempt += 1
                }
            }
        }
    }

    private func notVerified(_ error: any Error) -> Failure {
        progress.unverified(
            error as? Failure ?? Failure("\(error)"), unsent: ledger.unsentPaths())
    }

    private func finishOnce(_ isHurried: Bool) async throws {
        guard let uploader else { return }
        try prepare()
        if refusal == nil, !ledger.isRestored { try await restoreOnce(uploader) }
        if let refusal {
            throw Hopeless(failure: Failure("output and logs were not uploaded: \(refusal)"))
        }
        try remakeTrees()
        try await syncAll(uploader, isHurried: isHurried)
        let check = ListingCheck(
            client: uploader.client, context: context, ledger: ledger)
        let listing = try await uploader.client.list()
        let differences = try await check.differences(from: listing)
        guard differences.isEmpty else { throw try await mend(differences, uploader) }
        try await uploader.manifest.write(final: true)
        progress.tell(foreign: check.foreign(in: listing))
        progress.verify()
    }

    /// Forgets that these are up, so that the next attempt sends them, and says what is wrong.
    private func mend(
        _ differences: [Difference], _ uploader: Uploader
    ) async throws -> any Error {
        let canMend = ledger.recordDiffering(differences.map(\.path))
        let failure = Failure(
            "the bucket does not hold what was uploaded: \(differences.count) files differ",
            detail: differences.prefix(20).map(\.description).joined(separator: "\n"))
        if canMend { return failure }
        try await uploader.manifest.write(final: false)
        return Hopeless(failure: failure)
    }

    /// Runs `body`, and cancels it when the time is up: a transfer is then killed.
    private func withinTime(
        _ limit: Duration, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let rest = limit - context.stopwatch.elapsed
        guard rest > .zero else { throw OutOfTime() }
        let clock = context.clock
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await body()
                return true
            }
            group.addTask {
                // A limit, not a pause: nothing waits for it.
                try await clock.sleep(for: rest, tolerance: .milliseconds(100))
                return false
            }
            defer { group.cancelAll() }
            guard try await group.next() == true else { throw OutOfTime() }
        }
    }
}
