import Shared
import Testing

@testable import Agent

@Suite struct RunFilesTests {
    let fixture: SyncFixture

    init() throws { fixture = try SyncFixture() }

    @Test(arguments: [true, false])
    func `a status that a long transfer brought up late is replaced by the newer one`(isUp: Bool)
        async throws
    {
        let status = fixture.run + "/status.json"
        let context = try fixture.context()
        let ledger = UploadLedger(context, listedMD5: nil)
        let stager = Stager(
            context, ledger: ledger, restless: RestlessFiles(context, ledger: ledger),
            smallestLink: 0)
        let files = RunFiles(try fixture.client(), context, ledger: ledger, stager: stager)

        try fixture.write("older", to: status)
        var tree = stager.newTree()
        let ticket = try files.stage(into: &tree)
        try fixture.write("newer one", to: status)
        try await files.send(onlyIfDue: false)
        #expect(fixture.object("run/status.json") == "newer one")

        // Also a transfer that failed can have brought up some of its files.
        try fixture.write("older", to: fixture.bucket + "/run/status.json")
        files.finish(ticket, isUp: isUp)
        try await files.send(onlyIfDue: true)
        #expect(fixture.object("run/status.json") == "newer one")
        let sent = fixture.runner.commands.count
        try await files.send(onlyIfDue: false)
        #expect(fixture.runner.commands.count == sent)
    }

    @Test func `what a failed transfer staged is not sent again once it is old`() async throws {
        let status = fixture.run + "/status.json"
        try fixture.rename("weights", to: fixture.output + "/model.pt")
        try fixture.write("older", to: status)
        let engine = try await fixture.ready()
        fixture.runner.isFailing = true
        await engine.tick()
        fixture.runner.isFailing = false
        try fixture.write("newer one", to: status)
        await engine.publish()
        await engine.tick()
        #expect(fixture.object("output/model.pt") == "weights")
        #expect(fixture.object("run/status.json") == "newer one")
    }
}
