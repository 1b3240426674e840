import CPosix
import Shared
import Synchronization
import TestSupport
import Testing

@testable import Agent

/// Which directories a watch tells of, and what it says where the kernel lost events.
@Suite(.enabled(if: isDirectory("/proc/self/fd"), "no /proc"))
struct WatchedChangesTests {
    @Test(arguments: Interface.allCases)
    func `changes are told by directory, and once`(interface: Interface) async throws {
        let world = try WatchWorld()
        try world.scratch.write("x", to: "output/old/a")
        let watch = try interface.watch(world)
        #expect(watch.takeChanges().isEverything)
        // A process that another test starts may hold what was written here open for a moment.
        try await Self.isQuiet(watch)
        try world.scratch.write("x", to: "output/new/a")
        try world.scratch.write("x", to: "outside/a")
        watch.drain()
        let first = watch.takeChanges()
        #expect(first.directories == ["output", "output/new"] && !first.isEverything)
        try await Self.isQuiet(watch)
        unlink(world.output + "/old/a")
        try world.scratch.write("x", to: "logs/a")
        watch.drain()
        #expect(watch.takeChanges().directories == ["output/old", "logs"])
        try await Self.isQuiet(watch)
    }

    /// Waits until nothing has happened for a moment.
    private static func isQuiet(_ watch: FileWatch) async throws {
        var quiet = 0
        try await Eventually.holds {
            watch.drain()
            quiet = watch.takeChanges() == FileWatch.Changes() ? quiet + 1 : 0
            return quiet == 5
        }
    }

    @Test(arguments: Interface.allCases)
    func `a queue that ran over is noticed`(interface: Interface)
        async throws
    {
        guard let text = try? readFile("/proc/sys/fs/\(interface)/max_queued_events"),
            let most = Int(String(decoding: text, as: UTF8.self).filter(\.isNumber)),
            most <= 20_000
        else { try Test.cancel("skipped: the kernel's queue is too long to fill") }
        let world = try WatchWorld()
        let roots = try WatchRoots(world.roots, foreign: [])
        let source: any FileEventSource
        do {
            source = interface == .fanotify ? try FanotifySource(roots) : try InotifySource(roots)
        } catch let refusal as Failure { try Test.cancel("skipped: \(refusal.summary)") }
        // Nobody reads meanwhile.
        for number in 0...(most) {
            let descriptor = open(
                "\(world.output)/\(number % 2000)", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            #expect(descriptor >= 0)
            close(descriptor)
            if number % 2000 == 1999 {
                for name in 0..<2000 { unlink("\(world.output)/\(name)") }
            }
        }
        var isIncomplete = false
        while true {
            let batch = source.next()
            isIncomplete = isIncomplete || batch.isIncomplete
            if batch.isEmpty { break }
        }
        #expect(isIncomplete)
    }

    @Test func `lost events are told once, and nothing before them counts`() throws {
        let world = try WatchWorld()
        let file = try #require(ObservedFile(at: try world.scratch.write("x", to: "output/a")))
        let renamed = EventBatch(events: [
            FileEvent(kind: .renamed, directory: "output", file: file, writer: .running)
        ])
        let lost = EventBatch(isIncomplete: true)
        let source = try RecordedSource([renamed, EventBatch(isEmpty: true), lost, lost])
        let watch = FileWatch(source, clock: ContinuousClock()) { note in
            world.notes.withLock { $0.append(note) }
        }
        watch.drain()
        _ = watch.takeChanges()
        #expect(watch.isComplete(file.identity, file.version))
        #expect(world.notes.withLock { $0 } == [])
        watch.drain()
        #expect(!watch.isComplete(file.identity, file.version))
        #expect(watch.takeChanges().isEverything)
        #expect(world.notes.withLock { $0.count } == 1)
    }

    @Test func `a network file system is not watched`() throws {
        #expect(WatchRoots.objection(to: "/proc/self/nothing") != nil)
        #expect(WatchRoots.objection(to: "/dev/shm") == nil)
    }
}

/// Gives batches that a test wrote, then nothing.
private final class RecordedSource: FileEventSource {
    let name = "recorded"
    /// Never readable: the test alone drains.
    let descriptor: Int32
    let coversAll = true
    let knowsWriters = true
    private var batches: [EventBatch]
    private let writeEnd: Int32

    init(_ batches: [EventBatch]) throws {
        var ends: [Int32] = [-1, -1]
        guard cposix_pipe(&ends) == 0 else { throw systemFailure("pipe") }
        (descriptor, writeEnd) = (ends[0], ends[1])
        self.batches = batches
    }

    deinit {
        close(descriptor)
        close(writeEnd)
    }

    func next() -> EventBatch {
        batches.isEmpty ? EventBatch(isEmpty: true) : batches.removeFirst()
    }
}
