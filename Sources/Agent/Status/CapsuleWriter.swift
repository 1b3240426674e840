import Shared

/// Writes `run/capsule.json`: what it takes to do this run again.
struct CapsuleWriter {
    let context: RunContext

    /// What cannot be found out is left out: a capsule must never cost a run.
    func write(endedAt: Date?) async {
        let job = context.job
        var capsule = Capsule(
            run: job.run, module: job.code.module, startedAt: context.journal.startedAt)
        capsule.arguments = job.code.arguments
        capsule.codeSha256 = job.code.sha256
        capsule.gitCommit = job.code.gitCommit
        capsule.operatingSystem = MachineState.operatingSystem()
        capsule.endedAt = endedAt
        capsule.python = await line(Command(context.environment.python, ["--version"]))
        capsule.packages = await packages()
        if let listed = await answer(NvidiaSMI.command) {
            let gpus = NvidiaSMI.gpus(from: listed)
            capsule.gpus = gpus.map(\.name)
            capsule.driver = gpus.first?.driver
        }
        capsule.dataset = DatasetCensus.count(job.directories.dataset, source: job.dataset)
        guard let data = try? JSONFormat.encode(capsule) else { return }
        try? AtomicFile.write(data, to: job.directories.work + "/run/capsule.json")
    }

    /// `importlib.metadata` answers where no pip is, and lists what pip freeze would.
    private func packages() async -> [String] {
        let query = """
            import importlib.metadata as m
            for d in m.distributions(): print(f"{d.metadata['Name']}=={d.version}")
            """
        let output = await answer(Command(context.environment.python, ["-c", query])) ?? ""
        return Set(output.split(separator: "\n").map(String.init)).sorted()
    }

    private func line(_ command: Command) async -> String? {
        await answer(command)?.split(separator: "\n").first.map(String.init)
    }

    private func answer(_ command: Command) async -> String? {
        try? await context.host.runner.output(of: command, timeout: .seconds(30))
    }
}
