import Shared

/// Control requests over SSH, and the small files that answer them.
extension SSHConnection {
    func deliver(_ request: ControlRequest) async throws {
        let work = WorkDirectory(MachineLayout.directories.work)
        var command = login.command(
            ["sudo", "tee", "\(work.control)/\(request.id).json"], isInteractive: false)
        command.input = .data(try JSONFormat.encode(request))
        let result = try await runner.run(command, timeout: .seconds(60))
        guard result.succeeded else {
            try checkHostKey(result)
            throw Failure(
                "the machine could not be reached", detail: harmless(result.lastLines(3)),
                hint: "SSH is open to the address that started the run alone")
        }
    }

    func contents(of name: String, last limit: Int) async throws -> Data? {
        let directories = MachineLayout.directories
        let path =
            name.hasPrefix("\(BucketLayout.run)/")
            ? "\(directories.work)/\(name)" : "\(parentDirectory(directories.logs))/\(name)"
        let result = try await runner.run(
            login.command(["sudo", "tail", "-c", "\(limit)", path], isInteractive: false),
            timeout: .seconds(60))
        if result.succeeded { return Data(result.output.utf8) }
        // 255 is ssh's own (ssh(1)); another is that of tail, which found no such file.
        guard result.termination != .exited(255) else {
            try checkHostKey(result)
            throw Failure(
                "the machine could not be reached", detail: harmless(result.lastLines(3)))
        }
        return nil
    }
}
