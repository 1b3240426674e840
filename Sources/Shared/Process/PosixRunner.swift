import CPosix
import Dispatch
import Synchronization

/// The only place that starts a process.
///
/// Dispatch workers and Swift tasks run with nearly all signals blocked, and a child inherits that
/// mask: a trainer started plainly from a task would never see SIGTERM. So every child gets an
/// empty mask and default dispositions.
package struct PosixRunner: CommandRunner {
    package init() {}

    package func start(
        _ command: Command, onOutput: (@Sendable (ArraySlice<UInt8>) -> Void)?
    ) throws -> any RunningCommand {
        let (pid, streams) = try Self.spawn(command)
        return PosixProcess(pid: pid, group: command.group, streams: streams, onOutput: onOutput)
    }

    /// Starts `command` and leaves waiting for it to the caller, as a process needs that reaps every
    /// orphan with one waitpid(2). Its streams must not be captured.
    ///
    /// - Throws: `Failure` where the executable is not there or cannot be started.
    package static func startUnwatched(_ command: Command) throws -> Int32 {
        let (pid, streams) = try spawn(command)
        streams.closeParentEnds()
        return pid
    }

    private static func spawn(_ command: Command) throws -> (pid: pid_t, streams: ChildStreams) {
        let environment = Self.environment(of: command)
        let path = try Self.executablePath(of: command, environment: environment)
        let streams = try ChildStreams(command)
        defer { streams.closeChildEnds() }

        var attributes = posix_spawnattr_t.zero
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        try Self.configure(&attributes, group: command.group)

        var actions = posix_spawn_file_actions_t.zero
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        streams.add(to: &actions)
        let held = Self.copies(of: command.descriptors)
        defer { held.forEach { close($0) } }
        for (copy, number) in zip(held, Int32(3)...) {
            posix_spawn_file_actions_adddup2(&actions, copy, number)
        }
        _ = cposix_spawn_close_from(&actions, 3 + Int32(held.count))
        if let directory = command.workingDirectory {
            _ = cposix_spawn_addchdir(&actions, directory)
        }

        var pid: pid_t = 0
        let code = withCStrings([path] + command.arguments) { argv in
            withCStrings(environment.map { "\($0.key)=\($0.value)" }) { envp in
                posix_spawn(&pid, path, &actions, &attributes, argv, envp)
            }
        }
        guard code == 0 else {
            streams.closeParentEnds()
            throw Failure.cannotStart(command.executable, code: code)
        }
        return (pid, streams)
    }

    /// Copies beyond the numbers that the child's get: a dup2 must not close what is still to come.
    private static func copies(of descriptors: [Int32]) -> [Int32] {
        descriptors.map { fcntl($0, F_DUPFD_CLOEXEC, 3 + Int32(descriptors.count)) }
            .filter { $0 >= 0 }
    }

    private static func configure(
        _ attributes: inout posix_spawnattr_t, group: Command.Group
    ) throws {
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        var flags = Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)
        switch group {
        case .own:
            posix_spawnattr_setpgroup(&attributes, 0)
            flags |= Int16(POSIX_SPAWN_SETPGROUP)
        case .session:
            flags |= cposix_spawn_setsid_flag()
        case .inherited:
            break
        }
        #if canImport(Darwin)
            flags |= Int16(POSIX_SPAWN_CLOEXEC_DEFAULT)
        #endif
        posix_spawnattr_setflags(&attributes, flags)
    }

    private static func environment(of command: Command) -> [String: String] {
        var environment = ProcessInfo.processInfo.environment
        for (name, value) in command.environment { environment[name] = value }
        return environment
    }

    /// posix_spawnp would look in our PATH; the child's own counts, since a venv changes it.
    private static func executablePath(
        of command: Command, environment: [String: String]
    ) throws -> String {
        let name = command.executable
        if name.contains("/") { return name }
        let path = environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        for directory in path.split(separator: ":") {
            let candidate = "\(directory)/\(name)"
            if access(candidate, X_OK) == 0, !isDirectory(candidate) { return candidate }
        }
        throw Failure.notInstalled(name)
    }
}

/// Whether an executable of that name is in this process's PATH.
package func isInstalled(_ name: String) -> Bool {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return path.split(separator: ":").contains { access("\($0)/\(name)", X_OK) == 0 }
}

#if canImport(Darwin)
    extension posix_spawnattr_t { fileprivate static var zero: posix_spawnattr_t { nil } }
    extension posix_spawn_file_actions_t {
        fileprivate static var zero: posix_spawn_file_actions_t { nil }
    }
#else
    extension posix_spawnattr_t { fileprivate static var zero: posix_spawnattr_t { .init() } }
    extension posix_spawn_file_actions_t {
        fileprivate static var zero: posix_spawn_file_actions_t { .init() }
    }
#endif

/// Calls `body` with `strings` as the null-terminated array that exec wants.
private func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
    let copies = strings.map { strdup($0) }
    defer { copies.forEach { free($0) } }
    return body(copies + [nil])
}
