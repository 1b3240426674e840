import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite struct RunAddressTests {
    private let laptop: LauncherSandbox

    init() throws { laptop = try LauncherSandbox() }

    @Test func `the short form stands for both names`() throws {
        let address = try RunAddress(short: "a/b").expanded()
        #expect(address.codeName == "a")
        #expect(address.datasetName == "b")
    }

    @Test(arguments: ["a", "a/b/c", "", "/"])
    func `what is no pair is refused`(short: String) {
        let address = RunAddress(short: short)
        #expect(throws: Failure.self) { try address.newRun(on: laptop.cloud) }
    }

    @Test func `the short form may repeat a flag but not contradict it`() throws {
        var address = RunAddress(short: "a/b", codeName: "a")
        _ = try address.expanded()
        address.datasetName = "c"
        #expect(throws: Failure.self) { try address.expanded() }
    }

    private func remember(_ cloud: String, _ project: String, _ code: String) throws {
        let run = try RunName(
            cloud: cloud, projectName: project, codeName: code, datasetName: "d")
        let folder = try laptop.context.state.folder(of: run)
        try makeDirectories(folder.path)
        try folder.write(
            RunRecord(
                run: run, createdAt: Date(), codePath: "/c", module: "m", dataset: "/d",
                output: "file:///o"))
    }

    @Test func `a run is found by as little as makes it one`() throws {
        try remember("local", "local", "a")
        try remember("gcp", "p1", "b")
        try remember("gcp", "p2", "b")
        let state = laptop.context.state
        #expect(try RunAddress(short: "a/d").find(in: state).record.run.cloud == "local")
        let second = RunAddress(short: "b/d", projectName: "p2")
        #expect(try second.find(in: state).record.run.projectName == "p2")
        let several = #expect(throws: Failure.self) { try RunAddress(short: "b/d").find(in: state) }
        #expect(several?.summary.contains("p1") == true)
        #expect(several?.hint?.contains("--project_name") == true)
        let none = #expect(throws: Failure.self) { try RunAddress(short: "a/e").find(in: state) }
        #expect(none?.hint == "did you mean a/d?")
    }

    @Test func `the code's name is enough where one run has it`() throws {
        try remember("local", "local", "a")
        try remember("gcp", "p1", "b")
        let state = laptop.context.state
        #expect(try RunAddress(short: "b").find(in: state).record.run.cloud == "gcp")
        #expect(try RunAddress(codeName: "b").find(in: state).record.run.cloud == "gcp")
        let several = #expect(throws: Failure.self) {
            try RunAddress(datasetName: "d").find(in: state)
        }
        #expect(
            several?.summary
                == "several runs are called d: a/d on local (project local), b/d on gcp (project p1)"
        )
        #expect(several?.hint == "say which: give CODE/DATASET")
        let none = #expect(throws: Failure.self) { try RunAddress(short: "c").find(in: state) }
        #expect(none?.summary.contains("no run c is known here") == true)
    }

    @Test func `a record that cannot be read is told, not hidden`() async throws {
        try laptop.scratch.write("{", to: "state/train/runs/train-x/run.json")
        let failure = #expect(throws: Failure.self) {
            try RunAddress(short: "a/b").find(in: laptop.context.state)
        }
        #expect(failure?.detail?.contains("train-x/run.json: not valid JSON") == true)
        #expect(await laptop.train("list") == 1)
        #expect(laptop.heard.errors.contains("train-x/run.json"))
    }
}
