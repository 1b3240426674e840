import Shared

/// A run as the reading commands see it, alive or long collected.
struct ReadableRun: Sendable {
    let name: RunName
    let source: any RunPlace
    /// How it was when it was opened; nil for a run that is collected.
    let view: RunView?

    /// Opens the run that `address` names: on its machine over SSH, else its bucket; once collected, the
    /// collected folder.
    ///
    /// - Throws: `Failure` if there is no such run, or none of its files can be read from here.
    static func open(_ address: RunAddress, _ context: Context) async throws -> ReadableRun {
        switch try await find(address, context) {
        case .known(let handle): return try await open(handle)
        case .collected(let entry): return try ReadableRun(entry)
        }
    }

    /// What a name can mean.
    enum Found: Sendable {
        case known(RunHandle)
        case collected(CollectedRuns.Entry)
    }

    /// The run that `address` names: one that is known here, else the newest that was collected here.
    ///
    /// - Throws: `Failure` if no run fits, or several do.
    static func find(_ address: RunAddress, _ context: Context) async throws -> Found {
        do {
            return .known(try await RunStore(context: context).open(address))
        } catch let failure as Failure {
            guard failure.exit != ExitCode.usage.rawValue,
                let collected = try context.state.collected()?.find(address)
            else { throw failure }
            return .collected(collected)
        }
    }

    /// The same for a run that is known here.
    static func open(_ handle: RunHandle) async throws -> ReadableRun {
        if handle.record.stage == .collected, let directory = handle.record.collection,
            isDirectory(directory)
        {
            return ReadableRun(
                name: handle.name, source: FolderSource(directory: directory), view: nil)
        }
        let view = try await handle.look()
        switch view.state {
        case .finishedElsewhere:
            throw Failure(
                "another computer has finished \(handle.name)",
                hint: "its logs are in the folder that it collected there")
        case .starting:
            throw Failure(
                "\(handle.name) was never started in full", hint: StatusText.hint(view))
        case .running, .ended, .dead, .collected:
            return ReadableRun(name: handle.name, source: try await source(of: view), view: view)
        }
    }

    private init(_ entry: CollectedRuns.Entry) throws {
        guard isDirectory(entry.directory) else {
            throw Failure(
                "\(entry.run) was collected into \(quoted(entry.directory)), which is gone",
                hint: "it was moved or removed; its logs are in its folder logs")
        }
        self.init(name: entry.run, source: FolderSource(directory: entry.directory), view: nil)
    }

    private init(name: RunName, source: any RunPlace, view: RunView?) {
        self.name = name
        self.source = source
        self.view = view
    }

    private static func source(of view: RunView) async throws -> any RunPlace {
        let run = view.run
        let clock = run.context.clock
        if run.cloud.isThisComputer {
            return machine(of: run, try await run.cloud.connection(to: run))
        }
        let seconds = min(15, max(1, run.record.syncIntervalSeconds / 2))
        let bucket = BucketSource(
            client: try run.record.client(runner: run.context.runner), clock: clock,
            interval: .seconds(seconds))
        // Without a key, an address or a host key the bucket is the only way.
        guard view.state == .running, !view.isGoingOff, let first = try? await machine(of: view)
        else {
            return bucket
        }
        return RoadSwitch(machine: first, bucket: bucket, clock: clock) {
            machine(of: run, try await run.cloud.connection(to: run))
        }
    }

    /// The run's machine itself.
    ///
    /// - Throws: `Failure` if there is none, or its identity cannot be verified.
    static func machine(of view: RunView) async throws -> MachineSource {
        guard let status = view.status else {
            throw Failure("the agent of \(view.run.name) has said nothing yet")
        }
        return machine(
            of: view.run, try await view.run.cloud.connection(to: view.run, status: status))
    }

    private static func machine(
        of run: RunHandle, _ connection: any MachineConnection
    ) -> MachineSource {
        MachineSource(
            connection: connection, directories: run.cloud.directories(of: run),
            kind: connection.isRemote ? .ssh : .machine, clock: run.context.clock)
    }

    /// Where the run's files lie on this computer; nil where they lie elsewhere.
    var localRoot: String? {
        switch source.kind {
        case .folder: (source as? FolderSource)?.directory
        case .machine: view?.run.folder.machine
        case .ssh, .bucket: nil
        }
    }

    /// The place for copies of the run's files, the same at each call: what is there need not come again.
    ///
    /// - Throws: `Failure` where it cannot be made.
    func mirrorDirectory() throws -> String {
        guard let view else { throw Failure("\(name) is collected: its files are here") }
        let directory = view.run.folder.path + "/mirror"
        try makeDirectories(directory, mode: 0o700)
        return directory
    }

    /// Whether nothing more will be written.
    ///
    /// The agent's last word tells; of an agent that died without one, the launcher's own look, now and
    /// then.
    ///
    /// - Parameter lastLook: when the launcher looked last, which takes seconds on a rented cloud.
    /// - Throws: `Failure` where neither can be had.
    func hasEnded(lastLook: inout Date?) async throws -> Bool {
        guard let view else { return true }
        if try await source.status()?.isLastWord == true { return true }
        let now = view.run.context.now()
        if let lastLook, !view.run.cloud.isThisComputer,
            now.timeIntervalSince(lastLook) < Self.secondsBetweenLooks
        {
            return false
        }
        lastLook = now
        return try await view.run.look().state != .running
    }

    private static let secondsBetweenLooks = 60.0
}
