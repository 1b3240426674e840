import Shared
import Testing

@testable import Launcher

@Suite struct StallChangeTests {
    @Test func `a training that stands still and goes on is told once each`() throws {
        let run = try RunName(
            cloud: "local", projectName: "p", codeName: "c", datasetName: "d")
        var status = RunStatus(run: run, startedAt: Date(timeIntervalSince1970: 1_800_000_000))
        var changes = StatusChanges()
        #expect(changes.news(in: status).isEmpty)
        status.stalled = .init(since: status.startedAt, report: "logs/stall-1.txt")
        let stalled = changes.news(in: status)
        #expect(stalled.map(\.tone) == [.warning])
        #expect(stalled.first?.text.contains("logs/stall-1.txt") == true)
        #expect(changes.news(in: status).isEmpty)
        status.stalled = nil
        #expect(changes.news(in: status).map(\.tone) == [.good])
    }
}
