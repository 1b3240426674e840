import Shared

/// Finds the run that a command is about: on this computer, or in the team's state bucket.
struct RunLookup: Sendable {
    let context: Context

    /// - Throws: `Failure` where none or several fit, and where another computer has finished it.
    func find(
        _ address: RunAddress
    ) async throws -> (folder: RunFolder, record: RunRecord, cloud: any Cloud) {
        let clouds = CloudRegistry(context)
        if let bucket = address.stateBucket { try await attach(address, bucket, clouds) }
        let (folder, known) = try address.find(in: context.state)
        let cloud = try clouds.cloud(known.run.cloud)
        let record = try await Self.rekeyed(
            known, CredentialsFile.checked(address.credentialsPath), in: folder, on: cloud)
        if let refreshed = try await Self.refreshed(record, in: folder, on: cloud) {
            return (folder, refreshed, cloud)
        }
        throw Failure(
            "\(record.run) is not in its state bucket any more: another computer has finished it")
    }

    /// The record with the key that was given this time; the one that started the run may be gone.
    static func rekeyed(
        _ record: RunRecord, _ path: String?, in folder: RunFolder, on cloud: any Cloud
    ) async throws -> RunRecord {
        guard let path, path != record.credentialsPath else { return record }
        return try await cloud.rekeyed(record, credentialsPath: path, in: folder)
    }

    /// The record as it is now; nil where another computer has finished the run, of which nothing
    /// is left here then.
    static func refreshed(
        _ record: RunRecord, in folder: RunFolder, on cloud: any Cloud
    ) async throws -> RunRecord? {
        if let refreshed = try await cloud.refreshed(record, in: folder) { return refreshed }
        if let lock = try RunLock.take(folder, of: record.run) {
            try folder.remove()
            withExtendedLifetime(lock) {}
        }
        return nil
    }

    private func attach(
        _ address: RunAddress, _ bucket: String, _ clouds: CloudRegistry
    ) async throws {
        let cloud = try clouds.cloud(address.cloud ?? CloudRegistry.defaultName)
        let run = try address.newRun(on: cloud)
        let folder = try context.state.folder(of: run)
        guard !exists(folder.recordPath) else { return }
        let access = StoreAccess(
            credentialsPath: try CredentialsFile.checked(address.credentialsPath))
        try await cloud.attach(run, stateBucket: bucket, access: access, to: folder)
    }
}
