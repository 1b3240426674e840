import Shared

/// What a later call must find out or repair before it can go on with a run.
extension TerraformCloud {
    func rekeyed(_ run: RunHandle, credentialsPath: String) async throws -> RunRecord {
        var record = run.record
        let folder = run.folder
        try provider.checkKey(credentialsPath, project: record.run.projectName)
        record.credentialsPath = credentialsPath
        guard let lock = try RunLock.take(folder, of: record.run) else { return record }
        defer { withExtendedLifetime(lock) {} }
        try TerraformInputs.setCredentials(credentialsPath, in: folder)
        if let place = record.stateBucket, Backend.exists(in: folder.path) {
            try await writeBackend(
                StoreURL(parsing: place), access: StoreAccess(credentialsPath: credentialsPath),
                in: folder)
        }
        // Last: if this call is killed before, the flag given again repeats all of it.
        try folder.write(record)
        return record
    }

    /// Terraform outlives a launcher that is killed, and creates the machine nevertheless.
    func recovered(_ run: RunHandle) async throws -> RunRecord {
        var record = run.record
        let folder = run.folder
        guard record.stage == .starting, StateFile(in: folder.path).holder == nil else {
            return record
        }
        if let lease = record.startLease, lease.isValid(at: context.now()) {
            throw lease.refusal(of: record.run, now: context.now())
        }
        do {
            // After an interrupted removal the outputs still describe what is gone.
            guard let state = try await state(of: record, in: folder),
                state.addresses.contains(where: { $0.hasPrefix(provider.machineResource) })
            else { return record }
            try state.check(provider.lockedProvider)
            let machine = try state.machine()
            try machine.check(isOf: record.run)
            record.machine = machine
            record.stage = .started
            return record
        } catch let failure as Failure {
            let run = record.run
            throw Failure(
                "the result of the start of \(run) is not known: \(failure.summary)",
                detail: failure.detail,
                hint: "call this again once that is repaired; or remove what was created, trained "
                    + "or not: train finish \(run) --force \(run)")
        }
    }

    /// Terraform's state, read as data, so that looking at a run starts no program that a state names.
    ///
    /// - Returns: nil if there is no state.
    private func state(
        of record: RunRecord, in folder: RunFolder
    ) async throws -> TerraformState? {
        let local = [folder.unsavedState, StateFile(in: folder.path).path].first(where: exists)
        if let local { return try TerraformState(readFile(local, limit: TerraformState.largest)) }
        guard Backend.exists(in: folder.path), let place = record.stateBucket else { return nil }
        let bucket = try StateBucket(record, place: place, runner: context.runner)
        let data = try await bucket.client.read(
            provider.stateObject, limit: TerraformState.largest)
        return try data.map { try TerraformState($0) }
    }
}
