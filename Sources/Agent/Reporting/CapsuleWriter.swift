import Dispatch
import Shared

/// Writes `run/capsule.json`: what it takes to do this run again.
///
/// It is begun when the trainer is, so that a machine that dies has one, and written after each
/// fact that is found out. Nothing waits for it: a tool that hangs costs its own fact alone.
actor CapsuleWriter {
    private let job: Job
    private let host: Host
    private let python: String
    private var capsule: Capsule
    private var gathering: Task<Void, Never>?
    private var isComplete = false
    /// One write after the other, so that the newest is the one that stays.
    private let queue = DispatchQueue(label: "capsule")

    init(job: Job, host: Host, startedAt: Date) {
        self.job = job
        self.host = host
        python = VirtualEnvironment(directory: job.work.environment).python
        capsule = Capsule(
            run: job.run, module: job.code.module, command: job.code.command, startedAt: startedAt)
        capsule.arguments = job.code.arguments
        capsule.codeSha256 = job.code.sha256
        capsule.gitCommit = job.code.gitCommit
        capsule.metrics = job.metrics
        capsule.hourlyPrice = job.hourlyPrice
        capsule.parent = job.parent
    }

    /// Starts to gather the facts, once, and returns at once.
    nonisolated func begin() { Task { await start() } }

    /// Ends the gathering and writes when the run ended.
    ///
    /// - Parameter patience: how long facts that are still asked for are waited for.
    func finish(at end: Date, waiting patience: Duration) async {
        if gathering == nil { recall() }
        var waited: Duration = .zero
        while gathering != nil, !isComplete, waited < patience {
            // Nobody cancels the end of a run.
            try? await host.clock.sleep(for: .milliseconds(50))
            waited += .milliseconds(50)
        }
        gathering?.cancel()
        capsule.endedAt = end
        await write()
    }

    private func start() async {
        guard gathering == nil else { return }
        gathering = Task { await gather() }
    }

    /// An agent that only ends a run goes on with the capsule of the one before.
    private func recall() {
        let path = job.work.capsule
        guard let data = try? readFile(path),
            let former = try? JSONFormat.decode(Capsule.self, from: data, name: path)
        else { return }
        capsule = former
    }

    private func gather() async {
        capsule.operatingSystem = MachineState.operatingSystem()
        await write()
        await withTaskGroup { group in
            group.addTask { await self.addPython() }
            group.addTask { await self.addPackages() }
            group.addTask { await self.addGPUs() }
            group.addTask { await self.addImage() }
            group.addTask { await self.addDataset() }
        }
        isComplete = true
    }

    private func addPython() async {
        let answer = await answer(Command(python, ["--version"]))
        capsule.python = answer?.split(separator: "\n").first.map(String.init)
        await write()
    }

    /// `importlib.metadata` answers where no pip is, and lists what pip freeze would.
    private func addPackages() async {
        let query = """
            import importlib.metadata as m
            for d in m.distributions(): print(f"{d.metadata['Name']}=={d.version}")
            """
        let output = await answer(Command(python, ["-c", query])) ?? ""
        capsule.packages = Set(output.split(separator: "\n").map(String.init)).sorted()
        await write()
    }

    private func addGPUs() async {
        guard let listed = await answer(NvidiaSMI.command) else { return }
        let gpus = NvidiaSMI.gpus(from: listed)
        capsule.gpus = gpus.map(\.name)
        capsule.driver = gpus.first?.driver
        await write()
    }

    private func addImage() async {
        capsule.image = await ImageQuestion.image(cloud: job.run.cloud) { await answer($0) }
        if capsule.image != nil { await write() }
    }

    private func addDataset() async {
        let (directory, source) = (job.directories.dataset, job.dataset)
        capsule.dataset = await offTaskThreads { DatasetSummary.count(directory, source: source) }
        await write()
    }

    /// What cannot be found out is left out: a capsule must never cost a run.
    private func answer(_ command: Command) async -> String? {
        try? await host.runner.output(of: command, timeout: .seconds(30))
    }

    /// - Remark: silent where the disk is full, which the status tells already.
    private func write() async {
        let (capsule, path) = (capsule, job.work.capsule)
        await withCheckedContinuation { continuation in
            queue.async {
                if let data = try? JSONFormat.encode(capsule) {
                    try? AtomicFile.write(data, to: path)
                }
                continuation.resume()
            }
        }
    }
}
