import Shared

/// Shows a run in TensorBoard until the user has enough: its own where the training started one, one on
/// the machine, or one on this computer over what can be read.
struct TensorBoardSession: Sendable {
    let run: ReadableRun
    let context: Context
    let local: LoopbackPort
    let line: LiveLine
    /// Told the address as soon as something answers there.
    let whenReady: @Sendable (_ url: String, _ place: String) -> Void

    /// Where `run_tensorboard` of the helper library listens, and TensorBoard itself unless told else.
    static let port = 6006

    /// Returns only where TensorBoard ends by itself.
    ///
    /// - Throws: `Failure` where there is no TensorBoard anywhere; `CancellationError`.
    func show() async throws {
        if let view = run.view, view.state == .running, !view.isGoingOff {
            if run.source.kind == .machine {
                if try await isOwnThere(below: run.view?.run.folder.machine ?? "") {
                    return whenReady("http://127.0.0.1:\(Self.port)", "that of the training")
                }
            } else if let machine = try? await ReadableRun.machine(of: view),
                let connection = machine.connection as? SSHConnection,
                try await showMachine(connection, machine.directories)
            {
                return
            }
        }
        try await showHere()
    }

    // MARK: On this computer

    /// Whether the training of a local run shows itself at the usual port.
    private func isOwnThere(below directory: String) async throws -> Bool {
        struct Environment: Decodable { var data_location: String? }
        guard let text = await get(LoopbackPort(number: Self.port), "/data/environment"),
            let answer = try? JSONDecoder().decode(Environment.self, from: Data(text.utf8))
        else { return false }
        return answer.data_location?.contains(directory + "/") == true
    }

    private func showHere() async throws {
        var directories: [(name: String, path: String)] = []
        var interpreters: [String] = []
        var mirror: FileMirror?
        switch run.source.kind {
        case .machine, .folder:
            let root = run.localRoot ?? "."
            directories = [(BucketLayout.logs, "\(root)/\(BucketLayout.logs)")]
            let output = try await run.source.list(BucketLayout.output)
            if output.contains(where: { FileMirror.isEventFile($0.path) }) {
                directories.append((BucketLayout.output, "\(root)/\(BucketLayout.output)"))
            }
            interpreters = [WorkDirectory(below: root).environment + "/bin/python"]
        case .ssh, .bucket:
            let copy = FileMirror(source: run.source, directory: try run.mirrorDirectory())
            mirror = copy
            _ = try await Steps(line, clock: context.clock).run("fetching the curves") {
                try await copy.update()
            }
            directories = copy.places()
            if directories.isEmpty {
                let logs = "\(copy.directory)/\(BucketLayout.logs)"
                try makeDirectories(logs, mode: 0o700)
                directories = [(BucketLayout.logs, logs)]
            }
        }
        let program = try await TensorBoardProgram.find(interpreters, runner: context.runner)
        let words = program.arguments(directories, port: local.number)
        var command = Command(words[0], Array(words.dropFirst()))
        command.output = .discard
        // It needs no GPU, and must not take memory on one that trains.
        command.environment["CUDA_VISIBLE_DEVICES"] = ""
        let place = "started here, reading \(run.source.kind.words)"
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [command] in
                let result = try await context.runner.run(command)
                try Task.checkCancellation()
                throw Failure("TensorBoard ended", detail: harmless(result.lastLines(5)))
            }
            group.addTask { [mirror] in
                try await ready(local, place)
                while true {
                    try await run.source.pause()
                    // A folder does not change, and a machine's is read in place.
                    guard let mirror else {
                        try await context.clock.sleep(for: .seconds(3600))
                        continue
                    }
                    // What does not come now comes with the next look.
                    _ = try? await mirror.update()
                    try Task.checkCancellation()
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    // MARK: On the machine

    /// - Returns: false where there is no TensorBoard on the machine.
    private func showMachine(
        _ connection: SSHConnection, _ directories: Job.Directories
    ) async throws -> Bool {
        let tunnel = MachineTunnel(connection: connection, local: local, remote: Self.port)
        let waiting = ["sleep", "infinity"]
        let isThere = try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                _ = try await tunnel.run(waiting)
                return false
            }
            group.addTask {
                // The forward takes a moment; a port without a listener is refused at once.
                for _ in 0..<20 {
                    if await isTensorBoard(local) { return true }
                    try await context.clock.sleep(for: .milliseconds(250))
                }
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
        if isThere {
            try await hold(tunnel, waiting, "that of the training")
            return true
        }
        let python = WorkDirectory(directories.work).environment + "/bin/python"
        let interpreters = [python, "python3"]
        for python in interpreters {
            let question = [python, "-c", TensorBoardProgram.question]
            guard (try? await connection.output(of: question)) != nil else { continue }
            let words = TensorBoardProgram(python: python).arguments(
                [(BucketLayout.logs, directories.logs), (BucketLayout.output, directories.output)],
                port: Self.port)
            let command = ["env", "CUDA_VISIBLE_DEVICES="] + words
            try await hold(tunnel, command, "started on the machine")
            return true
        }
        return false
    }

    /// Keeps it there, anew after each cut, until the run has ended.
    private func hold(_ tunnel: MachineTunnel, _ words: [String], _ place: String) async throws {
        var lastLook: Date?
        while true {
            let detail = try await withThrowingTaskGroup(of: String?.self) { group in
                group.addTask { harmless(try await tunnel.run(words).lastLines(3)) }
                group.addTask {
                    try await ready(tunnel.local, place)
                    return nil
                }
                defer { group.cancelAll() }
                while let end = try await group.next() { if let end { return end } }
                return ""
            }
            try Task.checkCancellation()
            if (try? await run.hasEnded(lastLook: &lastLook)) == true {
                throw Failure(
                    "the machine of \(run.name) is going off",
                    hint: "call this again: it then shows what is synced or collected")
            }
            line.say(
                .warning,
                "the connection was lost; trying again\(detail.isEmpty ? "" : ": \(detail)")")
            try await context.clock.sleep(for: .seconds(1))
        }
    }

    // MARK: Asking

    private func ready(_ port: LoopbackPort, _ place: String) async throws {
        while await !isTensorBoard(port) {
            try await context.clock.sleep(for: .milliseconds(250))
        }
        whenReady("http://127.0.0.1:\(port.number)", place)
    }

    private func isTensorBoard(_ port: LoopbackPort) async -> Bool {
        await get(port, "/data/environment")?.contains("data_location") == true
    }

    private func get(_ port: LoopbackPort, _ target: String) async -> String? {
        await offTaskThreads { port.get(target) }
    }
}
