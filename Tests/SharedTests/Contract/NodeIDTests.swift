import Shared
import TestSupport
import Testing

/// One machine of several, in the job and in the bucket.
@Suite struct NodeIDTests {
    private func job(_ node: NodeID?) throws -> Job {
        var job = try Job.sample()
        job.node = node
        return job
    }

    @Test func `a lone machine's job is written as ever`() throws {
        let text = String(decoding: try JSONFormat.encode(try job(nil)), as: UTF8.self)
        #expect(!text.contains("node"))
        let numbered = String(decoding: try JSONFormat.encode(try job(.first)), as: UTF8.self)
        #expect(numbered.contains("\"node\" : 0"))
    }

    @Test func `the first machine is a lone one's equal, and a further one is refused`() throws {
        #expect(try job(.first).objection == nil)
        let second = try #require(NodeID(rank: 1))
        #expect(try job(second).objection?.contains("field 'node' is 1") == true)
    }

    @Test(arguments: ["-1", "4096", "\"0\""])
    func `what is no rank is refused`(json: String) throws {
        let text = String(decoding: try JSONFormat.encode(try job(.first)), as: UTF8.self)
            .replacing("\"node\" : 0", with: "\"node\" : \(json)")
        let failure = #expect(throws: Failure.self) {
            try JSONFormat.decode(Job.self, from: Data(text.utf8), name: "job.json")
        }
        #expect(failure?.summary.contains("'node'") == true, "\(failure?.summary ?? "")")
    }

    @Test func `the first machine has today's places, and no further one shares them`() throws {
        let names = [
            BucketLayout.output, BucketLayout.logs, BucketLayout.run, BucketLayout.status,
            BucketLayout.events, BucketLayout.manifest, BucketLayout.capsule,
        ]
        let first = BucketLayout(node: .first)
        #expect(names.map(first.place) == names)
        let second = BucketLayout(node: try #require(NodeID(rank: 1)))
        #expect(second.place(BucketLayout.status) == "nodes/1/run/status.json")
        for place in names.map(second.place) {
            #expect(!names.contains { place.hasPrefix($0) })
        }
    }
}
