import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite struct StateTests {
    private let scratch: Scratch
    private let state: RunsDirectory
    private let record: RunRecord
    private let folder: RunFolder

    init() throws {
        scratch = try Scratch()
        state = RunsDirectory(environment: ["XDG_STATE_HOME": scratch.path])
        let run = try RunName(
            cloud: "local", projectName: "local", codeName: "c", datasetName: "d")
        record = RunRecord(
            run: run, createdAt: Date(timeIntervalSince1970: 1_800_000_000), codePath: "/c",
            module: "m.main", dataset: "/d", output: "file:///o")
        folder = try state.folder(of: run)
        try makeDirectories(folder.path)
    }

    @Test(arguments: [
        (["XDG_STATE_HOME": "/x", "HOME": "/h"], "/x/train/runs"),
        (["HOME": "/h"], "/h/.local/state/train/runs"),
        (["XDG_STATE_HOME": "relative", "HOME": "/h"], "/h/.local/state/train/runs"),
        (["XDG_STATE_HOME": "", "HOME": "/h"], "/h/.local/state/train/runs"),
    ])
    func `state lives where XDG says`(environment: [String: String], path: String) throws {
        #expect(try RunsDirectory(environment: environment).runsDirectory() == path)
    }

    @Test func `without a home there is no place for it`() {
        #expect(throws: Failure.self) { try RunsDirectory(environment: [:]).runsDirectory() }
    }

    @Test func `a record survives being written and read`() throws {
        var record = record
        record.agent = ProcessIdentity(pid: 12, startedAt: "boot 34")
        record.collection = "/somewhere"
        try folder.write(record)
        #expect(try folder.record() == record)
        #expect(try state.all().map { try $0.record.get() } == [record])
        var information = stat()
        stat(folder.recordPath, &information)
        #expect(information.st_mode & 0o777 == 0o600)
    }

    @Test(arguments: [
        (#""version" : 1"#, #""version" : 2"#, "version is 2"),
        (#""module" : "m.main""#, #""module" : 3"#, "'module' is not a text"),
        (#""module""#, #""modul""#, "unknown field 'modul'"),
        (#""version""#, #""colour" : "red", "version""#, "unknown field 'colour'"),
        (#""stage" : "starting""#, #""stage" : "flying""#, "'stage'"),
    ])
    func `a record is read strictly`(old: String, new: String, mention: String) throws {
        try folder.write(record)
        let text = String(decoding: try readFile(folder.recordPath), as: UTF8.self)
        try AtomicFile.write(Data(text.replacing(old, with: new).utf8), to: folder.recordPath)
        let failure = #expect(throws: Failure.self) { try folder.record() }
        #expect(failure?.summary.contains(mention) == true, "\(failure?.summary ?? "")")
        #expect(failure?.summary.contains("run.json") == true)
    }

    @Test func `the lock is held by one and let go with it`() throws {
        var lock = try RunLock.take(folder, of: record.run)
        #expect(lock != nil)
        #expect(throws: Failure.self) { try RunLock.take(folder, of: record.run) }
        lock = nil
        #expect(try RunLock.take(folder, of: record.run) != nil)
        try folder.remove()
        #expect(try RunLock.take(folder, of: record.run) == nil)
    }

    private func mode(_ path: String) -> mode_t {
        var information = stat()
        return stat(path, &information) == 0 ? information.st_mode & 0o7777 : 0
    }

    @Test func `a start closes its directories to others`() throws {
        let runs = try state.runsDirectory()
        for path in [parentDirectory(runs), runs] { chmod(path, 0o777) }
        try state.secure()
        #expect([parentDirectory(runs), runs].map(mode) == [0o700, 0o700])
        let fresh = RunsDirectory(environment: ["XDG_STATE_HOME": scratch.path + "/new/state"])
        let before = umask(0)
        defer { umask(before) }
        try fresh.secure()
        #expect(mode(try fresh.runsDirectory()) == 0o700)
    }

    @Test func `a link of the user's own to a larger disk is followed`() throws {
        try makeDirectories(scratch.path + "/disk")
        try makeDirectories(scratch.path + "/linked")
        #expect(symlink(scratch.path + "/disk", scratch.path + "/linked/train") == 0)
        let linked = RunsDirectory(environment: ["XDG_STATE_HOME": scratch.path + "/linked"])
        try linked.secure()
        #expect(mode(scratch.path + "/disk") == 0o700)
        #expect(mode(scratch.path + "/disk/runs") == 0o700)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a directory away"))
    func `a directory of somebody else's is refused`() throws {
        let runs = try state.runsDirectory()
        #expect(chown(runs, 65534, 65534) == 0)
        let failure = #expect(throws: Failure.self) { try state.secure() }
        #expect(failure?.summary.contains("belongs to user 65534") == true)
    }

    @Test func `a folder is removed whatever its permissions`() throws {
        try makeDirectories(folder.machine + "/a/b")
        try AtomicFile.write(Data(), to: folder.machine + "/a/b/file")
        chmod(folder.machine + "/a/b", 0o500)
        chmod(folder.machine + "/a", 0o000)
        try folder.remove()
        #expect(!folder.exists)
        try folder.remove()
    }

    @Test func `a process is known again, and not after its end`() async throws {
        let running = try PosixRunner().start(Command("sleep", ["600"]))
        let identity = try #require(ProcessIdentity(of: running.pid))
        #expect(identity.isAlive)
        #expect(!ProcessIdentity(pid: running.pid, startedAt: "another").isAlive)
        _ = await running.stop(grace: .seconds(5))
        #expect(!identity.isAlive)
        #expect(ProcessIdentity(of: running.pid) == nil)
    }
}
