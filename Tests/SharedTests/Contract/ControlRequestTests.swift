import Shared
import Testing

/// Commands to an agent come from a bucket: what they may hold is bounded.
@Suite struct ControlRequestTests {
    private func request(_ changes: [String: ControlRequest.Change]) -> ControlRequest {
        var request = ControlRequest(
            id: ULID(time: Date(timeIntervalSince1970: 1), random: { 7 }), by: "ann@laptop",
            time: Date(timeIntervalSince1970: 1), command: .tune)
        request.changes = changes
        return request
    }

    @Test func `a request comes back as it was written`() throws {
        var sent = request([
            "lr": .init(scale: 0.1), "mode": .init(set: "b"),
            "dropout": .init(ramp: .init(set: .number(0.5), steps: 10)),
        ])
        sent.expect = ["lr": .number(1e-3)]
        sent.atStep = 12
        let read = try JSONFormat.decode(
            ControlRequest.self, from: JSONFormat.encode(sent), name: "request")
        #expect(read == sent)
    }

    @Test func `an ID has the time first and all of the chance`() throws {
        let early = ULID(time: Date(timeIntervalSince1970: 1), random: { .max })
        let late = ULID(time: Date(timeIntervalSince1970: 1.001), random: { 0 })
        #expect(early.description < late.description)
        // The specification's own example of a time: 1469918176385 ms.
        let known = ULID(time: Date(timeIntervalSince1970: 1_469_918_176.385), random: { .max })
        #expect(known.description == "01ARYZ6S41ZZZZZZZZZZZZZZZZ")
        #expect(ULID(known.description) == known)
        for text in [
            "", "01ARYZ6S41ZZZZZZZZZZZZZZZ", "81ARYZ6S41ZZZZZZZZZZZZZZZZ",
            "../" + known.description,
        ] {
            #expect(ULID(text) == nil)
        }
    }

    @Test func `what nobody can fulfil is refused`() {
        let wrong: [[String: ControlRequest.Change]] = [
            [:], ["a b": .init(scale: 1)], ["lr": .init()], ["lr": .init(set: 1, scale: 2)],
            ["lr": .init(scale: .nan)], ["lr": .init(set: .array([1]))],
            ["lr": .init(ramp: .init(set: 1, steps: 0))], ["../x": .init(set: 1)],
            ["x": .init(set: .string(String(repeating: "x", count: 2000)))],
            Dictionary(uniqueKeysWithValues: (0...100).map { ("k\($0)", .init(set: 1)) }),
        ]
        for changes in wrong { #expect(request(changes).objection != nil, "\(changes)") }
        #expect(request(["optimizer[1].lr": .init(set: 1)]).objection == nil)
        var late = request(["lr": .init(set: 1)])
        late.atStep = -1
        #expect(late.objection != nil)
    }
}
