import Shared

/// What a later call must find out or put right before it can go on with a run.
extension TerraformCloud {
    func rekeyed(
        _ record: RunRecord, credentialsPath: String, in folder: RunFolder
    ) async throws -> RunRecord {
        try rented.checkKey(credentialsPath, project: record.run.projectName)
        var record = record
        record.credentialsPath = credentialsPath
        guard let lock = try RunLock.take(folder, of: record.run) else { return record }
        defer { withExtendedLifetime(lock) {} }
        try RunFolderContents.setCredentials(credentialsPath, in: folder)
        if let place = record.stateBucket, Backend.isThere(in: folder.path) {
            try await writeBackend(
                StoreURL(parsing: place), access: StoreAccess(credentialsPath: credentialsPath),
                in: folder)
        }
        // Last: where it was killed before this, the flag given again does it all.
        try folder.write(record)
        return record
    }

    /// Terraform outlives a launcher that is killed, and makes the machine all the same.
    func recovered(_ record: RunRecord, in folder: RunFolder) async throws -> RunRecord {
        guard record.stage == .starting, StateFile(in: folder.path).holder == nil else {
            return record
        }
        if let lease = record.startLease, lease.isValid(at: context.now()) {
            throw lease.refusal(of: record.run, now: context.now())
        }
        do {
            let driver = try driver(for: record, in: folder, line: context.progress())
            // A removal that was cut off leaves outputs behind of what is gone.
            let left = try await driver.remaining()
            guard left.contains(where: { $0.hasPrefix(rented.machineResource) }) else {
                return record
            }
            var record = record
            record.machine = try await driver.made()
            record.stage = .started
            return record
        } catch let failure as Failure {
            let run = record.run
            throw Failure(
                "what became of the start of \(run) cannot be told: \(failure.summary)",
                detail: failure.detail,
                hint: "call this again once that is cured; or remove what there is, trained or "
                    + "not: train finish \(run) --force \(run)")
        }
    }
}
