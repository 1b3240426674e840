import Shared
import TestSupport
import Testing

@testable import Agent

/// Staged files lie where nobody else can read or exchange them, or they are not staged.
@Suite struct StagingPlaceTests {
    private let scratch: TemporaryDirectory
    private var root: String { scratch.path }

    init() throws {
        scratch = try TemporaryDirectory()
        for name in ["output", "state", "memory"] { try makeDirectories(root + "/" + name) }
    }

    private func place(state: String = "state") -> StagingPlace {
        StagingPlace(
            output: root + "/output", stateDirectory: "\(root)/\(state)",
            sharedMemory: root + "/memory")
    }

    @Test func `a link in its place is refused, and what it leads to stays`() throws {
        defer { scratch.remove() }
        let place = place()
        try makeDirectories(root + "/loot")
        try AtomicFile.write(Data("theirs".utf8), to: root + "/loot/file")
        for path in [place.directory, place.memory] { symlink(root + "/loot", path) }
        #expect(throws: Failure.self) { try place.prepare() }
        #expect(throws: Failure.self) { try place.makeMemory() }
        #expect(exists(root + "/loot/file"))
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a directory to another user"))
    func `a directory of somebody else is refused with its owner's number`() throws {
        defer { scratch.remove() }
        let place = place()
        try makeDirectories(place.directory)
        chown(place.directory, 65534, 65534)
        let failure = #expect(throws: Failure.self) { try place.prepare() }
        #expect(failure?.summary.contains("belongs to user 65534") == true)
    }

    @Test func `one of ours that was open to others is closed to them`() throws {
        defer { scratch.remove() }
        let place = place()
        try makeDirectories(place.memory)
        chmod(place.memory, 0o777)
        try place.makeMemory()
        var information = stat()
        #expect(stat(place.memory, &information) == 0)
        #expect(information.st_mode & 0o7777 == 0o700)
    }

    @Test func `it is made empty, and two runs never share one`() throws {
        defer { scratch.remove() }
        try makeDirectories(root + "/other")
        let (first, second) = (place(), place(state: "other"))
        #expect(first.directory != second.directory)
        #expect(first.memory != second.memory)
        try first.prepare()
        try AtomicFile.write(Data(), to: first.directory + "/left")
        try first.prepare()
        #expect(!exists(first.directory + "/left"))
    }

    @Test(
        arguments: [(0o755, true), (0o777, false), (0o1777, true), (0o775, false)] as [(Int, Bool)])
    func `a parent keeps names if others cannot rename there`(mode: Int, keeps: Bool) throws {
        defer { scratch.remove() }
        chmod(root + "/output", mode_t(mode))
        #expect(OwnDirectory.keepsNames(root + "/output") == keeps)
    }
}
