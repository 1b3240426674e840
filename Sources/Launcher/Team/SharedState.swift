import Shared

/// A run whose state is in a bucket: several computers know it, each in a folder of its own.
extension TerraformCloud {
    private func bucket(of record: RunRecord) throws -> StateBucket? {
        try record.stateBucket.map {
            try StateBucket(record, place: $0, runner: context.runner)
        }
    }

    /// Looks whether the bucket can be read, and notes where in it the run's state will lie.
    ///
    /// - Returns: whether it knows a run of that name.
    func checkStateBucket(_ plan: inout Plan) async throws -> Bool {
        guard let text = plan.stateBucketName else { return false }
        let place = try StateBucket.place(text, of: plan.run, on: provider)
        let bucket = try StateBucket(place, access: plan.access, runner: context.runner)
        plan.stateBucket = place
        do {
            return try await bucket.read() != nil
        } catch var failure as Failure {
            failure.summary = "--state_bucket: \(failure.summary)"
            throw failure
        }
    }

    /// Tells the bucket how far the run is. Terraform's variables come from the folder.
    func publish(
        _ record: RunRecord, in folder: RunFolder, lease: StartLease? = nil
    ) async throws {
        guard let bucket = try bucket(of: record) else { return }
        let variables = try readFile(folder.path + "/" + TerraformInputs.variablesFile)
        var shared = SharedRun(
            record, stores: try record.stores().text,
            variables: String(decoding: variables, as: UTF8.self))
        shared.startLease = lease
        try await bucket.publish(shared)
    }

    /// Tells the bucket of a run that begins, where no other computer is at the same.
    ///
    /// - Throws: `Failure` where one is: the folder then knows no bucket, so that nothing of the other
    ///   computer's run is removed with it.
    func publishFirst(
        _ record: RunRecord, at place: StoreURL, access: StoreAccess, in folder: RunFolder
    ) async throws {
        let bucket = try StateBucket(place, access: access, runner: context.runner)
        let claim = StartClaim(at: context.now(), random: context.random())
        var unclaimed = record
        unclaimed.stateBucket = nil
        try folder.write(unclaimed)
        try await bucket.take(claim, for: record.run, now: context.now())
        try folder.write(record)
        try await writeBackend(place, access: access, in: folder)
        try await publish(record, in: folder, lease: .taken(at: context.now()))
        // If it stays it does no harm, since the run exists.
        try? await bucket.release(claim)
    }

    /// Does `work`, and tells the bucket all the while that this computer is at it.
    func keepingLease(
        of record: RunRecord, in folder: RunFolder, _ work: () async throws -> Void
    ) async throws {
        guard record.stateBucket != nil else { return try await work() }
        let renewal = Task {
            while true {
                try await context.clock.sleep(for: StartLease.interval)
                // A bucket that is out of reach for a while: the lease outlives some renewals.
                try? await publish(record, in: folder, lease: .taken(at: context.now()))
            }
        }
        let result: Result<Void, any Error>
        do {
            result = .success(try await work())
        } catch {
            result = .failure(error)
        }
        // To its end: a renewal that came late would set the run back.
        renewal.cancel()
        _ = await renewal.result
        try result.get()
    }

    func withdraw(_ record: RunRecord) async throws {
        try await bucket(of: record)?.remove()
    }

    func refreshed(_ run: RunHandle) async throws -> RunHandle {
        var run = run
        guard let bucket = try bucket(of: run.record) else { return run }
        guard let shared = try await bucket.read() else {
            // A start that was killed may not have told it yet; and what only this computer's
            // Terraform knows has to be removed from here.
            let isOurs = run.record.stage == .starting || exists(run.folder.unsavedState)
            guard !isOurs else { return run }
            let isGone = try await isProvenGone(run.record, from: bucket)
            run.presence = isGone ? .finishedElsewhere : .lost
            return run
        }
        try shared.check(is: run.name)
        let updated = shared.updated(run.record)
        if updated != run.record { try run.folder.write(updated) }
        run.record = updated
        return run
    }

    /// Whether another computer has finished the run, told apart from a bucket that lost an object.
    ///
    /// A finish removes the run from the cloud, then everything in its place, the document last. So
    /// the place is empty, and the cloud knows no resource of the run.
    private func isProvenGone(_ record: RunRecord, from bucket: StateBucket) async throws -> Bool {
        guard try await bucket.isEmpty() else { return false }
        do {
            for place in places(of: record) {
                // Long ago, mostly: a listing that is late by minutes has caught up.
                let left = try await tool(record).resources(
                    of: record.run.slug, in: place, listings: 1)
                guard left.isEmpty else { return false }
            }
            return true
        } catch is Failure {
            // Without the cloud's tool nothing is proven, and what is known here stays.
            return false
        }
    }

    func attach(
        _ run: RunName, stateBucket text: String, access: StoreAccess, to folder: RunFolder
    ) async throws {
        let place = try StateBucket.place(text, of: run, on: provider)
        let bucket = try StateBucket(place, access: access, runner: context.runner)
        guard let shared = try await bucket.read() else { return }
        try shared.check(is: run)
        let name = try StoreName(checking: shared.stores)
        try makeDirectories(folder.path, mode: 0o700)
        guard let lock = try RunLock.take(folder, of: run) else { return }
        defer { withExtendedLifetime(lock) {} }
        try TerraformInputs.write(
            variables: shared.variables, credentialsPath: access.credentialsPath, in: folder)
        try TerraformFiles.write(provider.terraformFiles, to: folder.path)
        // Terraform computes their checksums even where it only removes; it uploads nothing here.
        for file in [folder.job, folder.code, folder.path + "/" + AgentExecutable.name] {
            try AtomicFile.write(Data(), to: file, mode: 0o600)
        }
        try await writeBackend(place, access: access, in: folder)
        // Last: without it the folder is no run.
        var record = shared.record(
            output: provider.store("output", name), stateBucket: place,
            credentialsPath: access.credentialsPath)
        record.storeName = name
        try folder.write(record)
    }

    func writeBackend(_ url: StoreURL, access: StoreAccess, in folder: RunFolder) async throws {
        var region: String?
        if let query = provider.regionQuery(ofBucket: url.bucket) {
            let tool = CloudTool(
                provider: provider, credentialsPath: access.credentialsPath, runner: context.runner,
                clock: context.clock)
            let told = String(try await tool.ask(query).filter { !$0.isWhitespace })
            region = told == "None" || told == "null" ? provider.unnamedRegion : told
        }
        let version = try await TerraformDriver.checkVersion(runner: context.runner)
        let (kind, settings) = provider.backend(
            BackendPlace(
                url: url, credentialsPath: access.credentialsPath, region: region,
                locksByFile: TerraformDriver.isVersion(version, atLeast: "1.10")))
        try Backend.write(kind, settings, to: folder.path)
    }
}
