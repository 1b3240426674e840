import Shared
import Synchronization
import TestSupport

@testable import Launcher

/// In which state `LauncherSandbox.sample` leaves a run.
enum SampleState {
    /// It has ended well; every byte is in the bucket.
    case succeeded
    /// It goes on, and its first files are in the bucket.
    case training
    /// Its agent was killed before the last sync: `output/late.bin` is on the machine alone.
    case killed
}

extension LauncherSandbox {
    /// A run on this computer without an agent: the local cloud makes its folder, and the agent's
    /// files are written with the types of the contract.
    ///
    /// That the agent itself leaves such files is tested where it runs: `StartTests` and the
    /// end-to-end tests.
    ///
    /// - Parameter plan: `plan()` where the test needs no other.
    func sample(_ state: SampleState = .succeeded, of plan: Plan? = nil) async throws -> RunHandle {
        let plan = try plan ?? self.plan()
        let folder = try context.state.folder(of: plan.run)
        try context.state.secure()
        try makeDirectories(folder.path, mode: 0o700)
        _ = try await cloud.dryRun(
            plan, in: folder, steps: Steps(context.progress(), clock: context.clock))
        var record = plan.record(createdAt: context.now())
        record.stage = .started
        record.agent = ProcessIdentity(pid: .max, startedAt: "a process that has ended")
        if state == .training { record.agent = try machines.start() }
        let run = RunHandle(record: record, folder: folder, cloud: cloud, context: context)
        try run.save()

        var status = RunStatus(run: run.name, startedAt: record.createdAt)
        status.phase = .train
        status.phases = [.init(phase: .train, state: .running, startedAt: record.createdAt)]
        try run.write(status)
        try run.writeOnMachine(String(repeating: "weights", count: 1000), to: Self.model)
        try run.writeOnMachine("epoch 1\n", to: "logs/train.log")
        try run.writeOnMachine("training\n", to: "logs/agent.log")
        switch state {
        case .succeeded: try run.endSample(.succeeded, "the training succeeded")
        case .training: try run.syncSample(isFinal: false)
        case .killed:
            try run.syncSample(isFinal: false)
            try run.writeOnMachine("never synced", to: "output/late.bin")
        }
        return run
    }

    /// The sample's checkpoint in the bucket, of 7000 bytes.
    static var model: String { "output/epoch 1/mödel.bin" }

    /// Ends a sample that trains, as an agent does that was asked to stop, and waits until its machine
    /// is off.
    func stop(_ run: RunHandle) async throws {
        try run.endSample(.stopped, "somebody asked for it")
        machines.end()
        try await ended(run)
    }
}

extension RunHandle {
    /// Writes a file of the training's own on the machine; `path` as in the bucket.
    func writeOnMachine(_ text: String, to path: String) throws {
        let place = folder.machine + "/" + path
        try makeDirectories(parentDirectory(place))
        try AtomicFile.write(Data(text.utf8), to: place)
    }

    /// What an agent leaves that has ended: all files in the bucket, and its outcome.
    fileprivate func endSample(_ kind: Outcome.Kind, _ message: String) throws {
        try syncSample(isFinal: true)
        var status = try readStatus()
        status.phase = .finished
        for index in status.phases.indices {
            status.phases[index].state = .succeeded
            status.phases[index].endedAt = status.startedAt
        }
        status.outcome = Outcome(kind: kind, phase: .train, exitStatus: 0, message: message)
        try write(status)
    }

    /// Brings the files of the machine and their manifest into the bucket.
    fileprivate func syncSample(isFinal: Bool) throws {
        let (bucket, now) = (try StoreURL(parsing: record.output).path, record.createdAt)
        var entries: [Manifest.Entry] = []
        for tree in [BucketLayout.output, BucketLayout.logs] {
            for file in try TreeScan(of: folder.machine + "/" + tree).files {
                let (data, path) = (try readFile(file.source), tree + "/" + file.path)
                try makeDirectories(parentDirectory("\(bucket)/\(path)"))
                try AtomicFile.write(data, to: "\(bucket)/\(path)")
                entries.append(
                    .init(path: path, size: file.size, mtime: 0, crc32c: CRC32C.of(data)))
            }
        }
        let manifest = Manifest(generation: 1, createdAt: now, final: isFinal, files: entries)
        try makeDirectories("\(bucket)/\(BucketLayout.run)")
        try AtomicFile.write(
            JSONFormat.encode(manifest), to: "\(bucket)/\(BucketLayout.manifest)")
    }

    /// Writes the status where the machine has it, and where the bucket has.
    fileprivate func write(_ status: RunStatus) throws {
        let work = WorkDirectory(below: folder.machine)
        for place in [work.status, try StoreURL(parsing: record.output).path + "/run/status.json"] {
            try makeDirectories(parentDirectory(place))
            try AtomicFile.write(JSONFormat.encode(status), to: place)
        }
    }

    private func readStatus() throws -> RunStatus {
        let path = WorkDirectory(below: folder.machine).status
        return try JSONFormat.decode(RunStatus.self, from: readFile(path), name: path)
    }

    /// Changes what the agent wrote last on its machine.
    func changeStatus(_ body: (inout RunStatus) -> Void) throws {
        var status = try readStatus()
        body(&status)
        try AtomicFile.write(
            JSONFormat.encode(status), to: WorkDirectory(below: folder.machine).status)
    }

    /// Changes what the bucket says of its files.
    func changeManifest(_ body: (inout Manifest) -> Void) throws {
        let path = folder.bucket + "/run/manifest.json"
        var manifest = try JSONFormat.decode(Manifest.self, from: readFile(path), name: path)
        body(&manifest)
        try AtomicFile.write(JSONFormat.encode(manifest), to: path)
    }

    /// Makes the bucket's checkpoint another one than the manifest says.
    func corruptModel() throws {
        try changeManifest { manifest in
            for index in manifest.files.indices
            where manifest.files[index].path == LauncherSandbox.model {
                manifest.files[index].crc32c ^= 1
            }
        }
    }
}

/// Processes that stand for machines that are on: they wait for their end, which comes with the
/// sandbox's at the latest.
final class SampleMachines: Sendable {
    private let running = Mutex<[ProcessIdentity]>([])

    /// Starts one, in a session of its own as the agent is.
    ///
    /// - Parameters:
    ///   - words: its argv.
    ///   - directory: where it works, by which a process is known as the run's.
    func start(
        _ words: [String] = ["sleep", "1000"], in directory: String? = nil
    ) throws -> ProcessIdentity {
        var command = Command(words[0], Array(words.dropFirst()))
        command.group = .session
        command.output = .discard
        command.errorOutput = .discard
        command.workingDirectory = directory
        let pid = try PosixRunner().start(command).pid
        guard let identity = ProcessIdentity(of: pid) else {
            throw Failure("\(quoted(words[0])) ended at once")
        }
        running.withLock { $0.append(identity) }
        return identity
    }

    /// Ends all of them.
    func end() {
        for process in running.withLock({ $0 }) where process.isAlive {
            kill(process.pid, SIGKILL)
        }
    }

    deinit { end() }
}
