import Shared

extension SyncEngine {
    /// Scan, select, stage, send, manifest: one sync while the trainer may run.
    ///
    /// - Throws: `Failure` of the store, or of a file that could not be read.
    func syncOnce(_ uploader: Uploader) async throws {
        let start = context.stopwatch.elapsed
        let (result, found, waiting) = try await sendPending(uploader, isFinal: false)
        uploader.deletion.mark(after: found, isSettled: waiting == 0)
        if ledger.manifest.isBehind {
            try await uploader.manifest.write(final: false)
            try await uploader.deletion.deleteMarked()
            progress.tell(result, took: context.stopwatch.elapsed - start)
        } else {
            try await uploader.deletion.deleteMarked()
        }
        try await uploader.runFiles.send(onlyIfDue: true)
        progress.noteUnsynced(waiting)
        if let failure = result.failures.first { throw failure }
    }

    /// The sync after the trainer's end: nothing waits, and the caller writes the manifest.
    ///
    /// All that was there when it began must have gone: what is left out for any reason would be
    /// missing from a manifest that says `final`. A process that outlived its trainer can still write;
    /// the caller tries again.
    ///
    /// - Throws: `Failure` of the store, or of what was left out.
    func syncAll(_ uploader: Uploader, isHurried: Bool) async throws {
        let (result, found, waiting) = try await sendPending(
            uploader, isFinal: true, isHurried: isHurried)
        progress.noteUnsynced(waiting)
        if let failure = result.failures.first { throw failure }
        if let directory = found.unread.first {
            throw Failure(
                "\(directory): what lies there was not looked at",
                hint: "let the agent read it, or leave it out with --exclude")
        }
        guard result.left == 0 else {
            throw Failure("\(result.left) files changed while they were sent")
        }
    }

    /// - Returns: what was moved, what the scan saw, and how many files wait for a later sync.
    private func sendPending(
        _ uploader: Uploader, isFinal: Bool, isHurried: Bool = false
    ) async throws -> (TransferResult, Scanner.Report, waiting: Int) {
        let (pending, found) = scan(isComplete: isFinal)
        let (uploads, waiting) = selector.select(pending, isFinal: isFinal)
        if !pending.isEmpty { progress.tell(stray: stray.record(ledger)) }
        progress.tell(waiting: selector.overdue)
        var result = TransferResult()
        if !uploads.isEmpty || stager.kept != nil {
            // In the final sync, files that are still being written to are counted although the
            // store failed.
            defer { if isFinal { selector.recordUnstable(result.unstable) } }
            progress.noteUnsynced(max(1, uploads.count))
            // The objects that the manifest names must be as it says.
            if ledger.manifest.isFinal { try await uploader.manifest.write(final: false) }
            try await uploader.deletion.makeRoom(for: uploads)
            stager.beginPass()
            // What is kept is in no order, and would go first.
            if isHurried { stager.releaseKept() }
            let groups = isHurried ? ShutdownOrder.groups(uploads) : ShutdownOrder.trees(uploads)
            for (number, group) in groups.enumerated() {
                try await transfer(group, uploader, isFinal, &result)
                // What is up counts, whatever becomes of the next group.
                if number + 1 < groups.count, ledger.manifest.isBehind {
                    try await uploader.manifest.write(final: false)
                }
            }
            let torn = result.torn
            result.torn = []
            try await transfer(torn, uploader, isFinal, &result)
            result.left += result.torn.count
        }
        return (result, found, waiting + result.left)
    }

    /// Finds the files that are not up as they are, and says what is new that can never go up.
    ///
    /// - Parameter isComplete: walk both trees in any case.
    func scan(isComplete: Bool) -> (pending: [Int], report: Scanner.Report) {
        let (pending, found) = selector.scan(isComplete: isComplete)
        progress.tell(skipped: found.skipped)
        return (pending, found)
    }

    private func transfer(
        _ uploads: [PendingUpload], _ uploader: Uploader, _ isFinal: Bool,
        _ result: inout TransferResult
    ) async throws {
        guard !uploads.isEmpty || stager.kept != nil else { return }
        try await stager.stage(uploads, isFinal: isFinal, &result) { tree, result, isKept in
            try await uploader.send(&tree, &result, isFinal: isFinal, isKept: isKept)
        }
    }
}
