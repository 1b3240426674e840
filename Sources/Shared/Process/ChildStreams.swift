import CPosix

/// The file descriptors of one child: what it gets, and our ends of the pipes.
///
/// Every descriptor here is close-on-exec; only posix_spawn's dup2 lets one through, so no child
/// ever holds a pipe that belongs to another.
struct ChildStreams {
    /// (ours, the child's number for it)
    private var childEnds: [(descriptor: Int32, target: Int32)] = []
    private(set) var outputReader: Int32?
    private(set) var errorReader: Int32?
    private(set) var inputWriter: Int32?
    private(set) var inputData = Data()

    /// - Throws: `Failure` where a file cannot be opened; nothing stays open then.
    init(_ command: Command) throws {
        do {
            switch command.input {
            case .inherit: break
            case .empty: childEnds.append((try openFile("/dev/null", O_RDONLY), 0))
            case .data(let data):
                let (reader, writer) = try makePipe()
                childEnds.append((reader, 0))
                inputWriter = writer
                inputData = data
            }
            outputReader = try connect(command.output, to: 1)
            errorReader = try connect(command.errorOutput, to: 2)
        } catch {
            closeChildEnds()
            closeParentEnds()
            throw error
        }
    }

    private mutating func connect(_ output: Command.Output, to target: Int32) throws -> Int32? {
        switch output {
        case .inherit:
            return nil
        case .discard:
            childEnds.append((try openFile("/dev/null", O_WRONLY), target))
            return nil
        case .append(let path):
            childEnds.append((try openFile(path, O_WRONLY | O_APPEND | O_CREAT), target))
            return nil
        case .capture:
            let (reader, writer) = try makePipe()
            childEnds.append((writer, target))
            return reader
        }
    }

    func add(to actions: inout posix_spawn_file_actions_t) {
        for end in childEnds {
            posix_spawn_file_actions_adddup2(&actions, end.descriptor, end.target)
        }
        #if canImport(Darwin)
            for target in 0...2 where !childEnds.contains(where: { $0.target == Int32(target) }) {
                posix_spawn_file_actions_addinherit_np(&actions, Int32(target))
            }
        #endif
    }

    func closeChildEnds() { childEnds.forEach { close($0.descriptor) } }

    func closeParentEnds() {
        for descriptor in [outputReader, errorReader, inputWriter] {
            if let descriptor { close(descriptor) }
        }
    }

    private func openFile(_ path: String, _ flags: Int32) throws -> Int32 {
        let descriptor = open(path, flags | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw systemFailure("cannot open \(quoted(path))") }
        return descriptor
    }

    private func makePipe() throws -> (reader: Int32, writer: Int32) {
        var ends: [Int32] = [0, 0]
        guard cposix_pipe(&ends) == 0 else { throw systemFailure("cannot make a pipe") }
        return (ends[0], ends[1])
    }
}
