import Shared
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct AgentAlertTests {
    @Test func `an alert of a rule and one of the trainer are events in the bucket`() async throws {
        let main = """
            from ai_training_utils.alerts import alert
            from ai_training_utils.path_helper import PathHelper
            PathHelper().parse_arguments()
            print("step 1 loss 1.0")
            print("step 2 loss 9.0")
            alert("look", "at this", level="info")
            """
        try await AgentFixture.with(main: main, change: { $0.alerts = ["loss > 5"] }) { fixture in
            let result = await (try fixture.start()).wait()
            #expect(result.termination == .exited(0), "\(result.errorOutput)")
            let events = fixture.inBucket(BucketLayout.events) ?? ""
            let alerts = events.split(separator: "\n").filter { $0.contains("\"alert\"") }
            #expect(alerts.contains { $0.contains("loss is 9.0 at step 2") }, "\(events)")
            #expect(alerts.contains { $0.contains("look: at this") && $0.contains("info") })
            #expect(alerts.count == 2)
        }
    }
}
