import Shared
import Testing

@testable import Agent

@Suite struct SettlingTests {
    private static func stamp(
        _ size: Int64 = 10, mtime: Int64 = 100, ctime: Int64 = 100, inode: UInt64 = 1
    ) -> FileVersion { FileVersion(size: size, mtime: mtime, ctime: ctime, inode: inode) }

    private static func look(_ stamp: FileVersion, open: Bool = false) -> FileTable.Observation {
        FileTable.Observation(stamp: stamp, wasOpen: open)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var look: FileTable.Observation?
        var current = stamp()
        var former: UInt64?
        var isOpen = false
        var isInPlace = false
        var seconds = 0
        var verdict: Settling.Verdict
        var testDescription: String { name }
    }

    static let rows = [
        Row(name: "new and written", verdict: .waits),
        Row(name: "new and renamed", current: stamp(ctime: 101), verdict: .whole(byLink: true)),
        Row(name: "new, renamed, open", current: stamp(ctime: 101), isOpen: true, verdict: .waits),
        Row(name: "dated into the future", current: stamp(mtime: 900), verdict: .waits),
        Row(name: "unchanged", look: look(stamp()), verdict: .whole(byLink: false)),
        Row(
            name: "unchanged but for its links", look: look(stamp()),
            current: stamp(ctime: 150), verdict: .whole(byLink: true)),
        Row(
            name: "unchanged, renamed, but once written in place", look: look(stamp(ctime: 101)),
            current: stamp(ctime: 101), isInPlace: true, verdict: .whole(byLink: false)),
        Row(name: "unchanged, was open", look: look(stamp(), open: true), verdict: .waits),
        Row(name: "unchanged, is open", look: look(stamp()), isOpen: true, verdict: .waits),
        Row(name: "grown", look: look(stamp(9)), verdict: .waits),
        Row(name: "touched", look: look(stamp(mtime: 99)), verdict: .waits),
        Row(
            name: "chmod after writing, the same inode", look: look(stamp(9)),
            current: stamp(ctime: 101), isInPlace: true, verdict: .waits),
        Row(
            name: "what is up, written in place, its link gone", current: stamp(ctime: 101),
            former: 1, isInPlace: true, verdict: .waits),
        Row(
            name: "renamed, with the number of the inode before", look: look(stamp(9)),
            current: stamp(ctime: 101), verdict: .whole(byLink: true)),
        Row(
            name: "closed and chmodded since, nothing written", look: look(stamp(), open: true),
            current: stamp(ctime: 101), verdict: .waits),
        Row(
            name: "renamed over what is up", current: stamp(ctime: 101), former: 2,
            verdict: .whole(byLink: true)),
        Row(name: "replaced at once", look: look(stamp(inode: 2)), verdict: .secondLook),
        Row(name: "replaced what is up", former: 2, verdict: .secondLook),
        Row(
            name: "replaced by a rename", look: look(stamp(inode: 2)),
            current: stamp(ctime: 101), verdict: .whole(byLink: true)),
        Row(name: "restless for long", look: look(stamp(9)), seconds: 600, verdict: .stale),
        Row(name: "restless, not yet", look: look(stamp(9)), seconds: 599, verdict: .waits),
        Row(
            name: "open for long", look: look(stamp()), isOpen: true, seconds: 601,
            verdict: .stale),
    ]

    @Test(arguments: rows) func `a file is whole when its writer is done`(row: Row) {
        let file = Settling.Case(
            current: row.current, look: row.look, formerInode: row.former, isOpen: row.isOpen,
            isInPlace: row.isInPlace, pendingFor: .seconds(row.seconds))
        #expect(Settling.verdict(file, maxStaleness: .seconds(600)) == row.verdict)
    }
}
