import Shared

/// The way to a run's machine, by SSH with the key made for the run.
extension TerraformCloud {
    func connection(to run: RunHandle) async throws -> any MachineConnection {
        // Before the bucket is asked, which takes seconds.
        _ = try machine(of: run)
        return try connection(to: run, hostKey: await status(of: run)?.sshHostKey)
    }

    private func machine(of run: RunHandle) throws -> Machine {
        guard let machine = run.record.machine else {
            throw Failure("\(run.name) has no machine", hint: "train status \(run.name)")
        }
        return machine
    }

    func connection(
        to run: RunHandle, status: RunStatus
    ) async throws -> any MachineConnection {
        try connection(to: run, hostKey: status.sshHostKey)
    }

    private func connection(
        to run: RunHandle, hostKey: String?
    ) throws -> any MachineConnection {
        let machine = try machine(of: run)
        guard !machine.publicIp.isEmpty else {
            throw Failure(
                "the machine of \(run.name) lets nobody in: it was started with no open port",
                hint: "status, logs, stop and tune go through its bucket")
        }
        guard let hostKey else {
            throw Failure(
                "the machine has not published its SSH host key yet",
                hint: "it does so with its first sync; try again in a minute")
        }
        return SSHConnection(
            login: try Login(
                folder: run.folder, machine: machine, hostKey: hostKey,
                sockets: ControlSocket.directory(environment: context.environment)),
            run: run.name, runner: context.runner)
    }
}
