import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite struct StateTests {
    private let scratch: Scratch
    private let state: StateRoot
    private let record: RunRecord
    private let folder: RunFolder

    init() throws {
        scratch = try Scratch()
        state = StateRoot(environment: ["XDG_STATE_HOME": scratch.path])
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
        #expect(try StateRoot(environment: environment).runsDirectory() == path)
    }

    @Test func `without a home there is no place for it`() {
        #expect(throws: Failure.self) { try StateRoot(environment: [:]).runsDirectory() }
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
        (#""module""#, #""modul""#, "'module' is missing"),
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
