import Shared
import Synchronization
import TestSupport
import Testing

@testable import Agent

/// Which of the two kernel interfaces a test reads.
enum Interface: String, CaseIterable, Codable, Sendable, CustomTestStringConvertible {
    case fanotify, inotify

    var testDescription: String { rawValue }

    /// - Throws: cancels the test with the reason where the machine refuses the interface.
    func watch(_ world: WatchWorld) throws -> FileWatch {
        let roots = try WatchRoots(world.roots, foreign: [world.foreign])
        let say = { @Sendable (note: String) in world.notes.withLock { $0.append(note) } }
        do {
            switch self {
            case .fanotify:
                return FileWatch(
                    try FanotifySource(roots), ends: world.ends, clock: ContinuousClock(), say: say)
            case .inotify:
                return FileWatch(
                    try InotifySource(roots), ends: world.ends, clock: ContinuousClock(), say: say)
            }
        } catch let refusal as Failure {
            try Test.cancel("skipped: \(refusal.summary)")
        }
    }
}

/// Output and logs of one trainer, and what lies around them.
final class WatchWorld: Sendable {
    let scratch: Scratch
    let notes = Mutex<[String]>([])
    var output: String { scratch.path + "/output" }
    var foreign: String { output + "/.staging" }
    var observer: String { scratch.path + "/observer" }
    var ends: String { observer + "/" + OrderlyEnds.name }
    var roots: [Scanner.Root] {
        [
            Scanner.Root(prefix: "output", directory: output),
            Scanner.Root(prefix: "logs", directory: scratch.path + "/logs"),
        ]
    }

    init() throws {
        scratch = try Scratch()
        for name in ["output/.staging", "logs", "outside", "oracle", "observer"] {
            try makeDirectories(scratch.path + "/" + name)
        }
    }

    /// Whether the file that is at this path now is complete, asked as a sync does.
    func isComplete(_ path: String, _ watch: FileWatch) -> Bool {
        let path = scratch.path + "/" + path
        guard let file = ObservedFile(at: path),
            WriterDetector().writable(among: [file.identity: path]).isEmpty
        else { return false }
        watch.drain()
        return watch.isComplete(file.identity, file.version)
    }
}
