import Shared
import TestSupport
import Testing

@testable import Launcher

/// What a new run is called where nobody names it.
@Suite struct NewRunNameTests {
    @Test(arguments: [
        ("/home/me/classifier", "gs://brewery/beer/", "classifier/beer"),
        ("/home/me/My Net/", "gs://brewery", "My-Net/brewery"),
        ("/home/me/été", "/data/.hidden", "t/hidden"), ("/", "s3://b/_", "root/unnamed"),
    ])
    func `the last parts of where code and dataset are`(
        code: String, dataset: String, name: String
    ) throws {
        var address = RunAddress(cloud: "local", projectName: "local")
        address.fillNames(code: code, dataset: dataset)
        let laptop = try LauncherSandbox()
        #expect(try address.newRun(on: laptop.cloud).description == name)
    }

    @Test func `a name that is given stays`() throws {
        var address = RunAddress(codeName: "mine")
        address.fillNames(code: "/a", dataset: "/b")
        #expect(address.codeName == "mine")
        #expect(address.datasetName == "b")
        address = RunAddress(short: "c/d")
        address.fillNames(code: "/a", dataset: "/b")
        #expect(address.codeName == nil)
        address = RunAddress(short: "c")
        address.fillNames(code: "/a", dataset: "/b")
        #expect(address.datasetName == "b")
        #expect(try address.expanded().codeName == "c")
    }

    @Test func `flags of a rented machine are said to have no use on this one`() async throws {
        let laptop = try LauncherSandbox()
        _ = await laptop.start(["--spot", "--machine_type", "g2", "--agent_path", "/nonexistent"])
        #expect(
            laptop.heard.errors.contains("note: local does not use --machine_type, --spot\n"))
    }

    @Test func `the names of runs are completed without asking a cloud`() async throws {
        let laptop = try LauncherSandbox()
        let run = try RunName(
            cloud: "gcp", projectName: "p", codeName: "net", datasetName: "beer")
        let folder = try laptop.context.state.folder(of: run)
        try makeDirectories(folder.path)
        try folder.write(
            RunRecord(
                run: run, createdAt: Date(), codePath: "/c", module: "m", dataset: "/d",
                output: "gs://o"))
        #expect(await laptop.train("completion", "runs") == 0)
        #expect(laptop.heard.outputs == "net/beer\n")
    }
}
