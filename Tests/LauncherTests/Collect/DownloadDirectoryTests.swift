import Shared
import TestSupport
import Testing

@testable import Launcher

/// Where `finish` downloads to, and what a kill in between may not leave.
@Suite struct DownloadDirectoryTests {
    private let laptop: LauncherSandbox

    init() throws {
        var laptop = try LauncherSandbox()
        // All in one second.
        laptop.context.now = { Date(timeIntervalSince1970: 1_700_000_000) }
        self.laptop = laptop
    }

    private func begin(_ project: String) throws -> (at: DownloadDirectory, record: RunRecord) {
        let run = try RunName(
            cloud: "local", projectName: project, codeName: "classifier", datasetName: "beer")
        let folder = try laptop.context.state.folder(of: run)
        try makeDirectories(folder.path)
        let record = RunRecord(
            run: run, createdAt: laptop.context.now(), codePath: "/c", module: "m", dataset: "/d",
            output: "file://\(folder.bucket)")
        return (at: DownloadDirectory(context: laptop.context, folder: folder), record: record)
    }

    private func prepare(_ directory: DownloadDirectory, _ record: inout RunRecord) throws
        -> String
    {
        let path = try directory.prepare(&record, destination: laptop.collected, bytes: 0)
        #expect(try directory.folder.record().collection == path)
        return path
    }

    private var names: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: laptop.collected).sorted()
        }
    }

    @Test func `two runs that are finished in one second get a folder each`() throws {
        var one = try begin("one")
        var two = try begin("two")
        let place = try prepare(one.at, &one.record)
        let other = try prepare(two.at, &two.record)
        #expect(other == place + "-2")
        // The next call goes on in the same place.
        #expect(try prepare(two.at, &two.record) == other)
        #expect(try prepare(one.at, &one.record) == place)
        #expect(try names.count == 2)
    }

    /// How far a finish came before it was killed.
    enum Kill: CaseIterable { case remembered, begun, made, aboutToRename }

    @Test(arguments: Kill.allCases)
    func `a kill leaves nothing behind and takes no other run's folder`(kill: Kill) throws {
        var other = try begin("other")
        let taken = try prepare(other.at, &other.record)
        let (directory, record) = try begin("mine")
        let nascent = "\(laptop.collected)/.train-finish-\(record.run.slug)"
        var left = record
        left.collection = kill == .aboutToRename ? taken : nascent
        try directory.folder.write(left)
        if kill != .remembered { #expect(mkdir(nascent, 0o755) == 0) }
        if kill == .made || kill == .aboutToRename {
            for tree in ["output", "logs", "run"] {
                #expect(mkdir("\(nascent)/\(tree)", 0o755) == 0)
            }
        }
        // The next call may want another place; the one after it comes from somewhere.
        for destination in [laptop.scratch.path + "/elsewhere", "."] {
            var mine = try directory.folder.record()
            let path = try directory.prepare(&mine, destination: destination, bytes: 0)
            #expect(path.hasPrefix(laptop.scratch.path + "/elsewhere/2023"))
            #expect(isDirectory(path + "/output"))
        }
        #expect(try names == [fileName(taken)])
        #expect(
            try FileManager.default.contentsOfDirectory(
                atPath: laptop.scratch.path + "/elsewhere"
            ).count == 1)
    }

    private func fileName(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? ""
    }

    @Test func `another destination begins anew, the same one and none go on`() throws {
        var mine = try begin("mine")
        let place = try prepare(mine.at, &mine.record)
        #expect(symlink(laptop.collected, laptop.scratch.path + "/same") == 0)
        for same in [".", laptop.scratch.path + "/same", laptop.collected + "/."] {
            #expect(try mine.at.prepare(&mine.record, destination: same, bytes: 0) == place)
        }
        let bigger = laptop.scratch.path + "/bigger"
        let other = try mine.at.prepare(&mine.record, destination: bigger, bytes: 0)
        #expect(parentDirectory(other) == bigger)
        #expect(isDirectory(place))
    }

    @Test func `what lies in the way is not replaced`() throws {
        var mine = try begin("mine")
        let wanted = try prepare(mine.at, &mine.record)
        removeAll(wanted)
        for make in [
            { mkdir(wanted, 0o755) }, { symlink("/nowhere", wanted) },
            { creat(wanted, 0o644) < 0 ? -1 : 0 },
        ] {
            #expect(make() == 0)
            var next = try begin("mine")
            #expect(try prepare(next.at, &next.record) == wanted + "-2")
            removeAll(wanted)
            removeAll(wanted + "-2")
        }
        // A folder that somebody else waits with is not ours.
        let nascent = "\(laptop.collected)/.train-finish-\(mine.record.run.slug)"
        #expect(symlink(laptop.scratch.path, nascent) == 0)
        var next = try begin("mine")
        #expect(throws: Failure.self) { try prepare(next.at, &next.record) }
    }

    private func removeAll(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

    @Test func `a link in the folder of a former call is refused`() throws {
        var mine = try begin("mine")
        let place = try prepare(mine.at, &mine.record)
        #expect(symlink(laptop.scratch.path, place + "/output/epoch 1") == 0)
        let failure = #expect(throws: Failure.self) { try prepare(mine.at, &mine.record) }
        #expect(failure?.summary.contains(", in the folder of a former finish, is a link") == true)
    }

    @Test func `the run's own bucket is no destination`() throws {
        var mine = try begin("mine")
        mine.record.output = "file://\(laptop.scratch.path)/bucket/run"
        let failure = #expect(throws: Failure.self) {
            try mine.at.prepare(
                &mine.record, destination: laptop.scratch.path + "/bucket/run/down", bytes: 0)
        }
        #expect(failure?.summary.contains("lies in the run's own bucket") == true)
    }
}
