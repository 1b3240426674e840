import Testing

@testable import Agent

@Suite struct RetentionTests {
    /// Written in this order; gives those that may go.
    private func superseded(_ paths: [String], keep: Int, best: [String] = []) -> [String] {
        let files = paths.enumerated().map { Retention.File(path: $1, mtime: Int64($0)) }
        return Retention.superseded(files, keeping: keep, best: best).map { paths[$0] }
    }

    @Test func `the newest of each series stay`() {
        #expect(
            superseded(
                [
                    "output/checkpoint-1/a", "output/checkpoint-1/b", "output/checkpoint-2/a",
                    "output/checkpoint-10/a", "output/epoch=1.ckpt", "output/epoch=2.ckpt",
                    "output/run2/checkpoint-1/a", "output/model.pt",
                ], keep: 2) == ["output/checkpoint-1/a", "output/checkpoint-1/b"])
    }

    @Test func `the shards of one checkpoint count as one`() {
        let shards = (1...4).flatMap { step in
            (1...3).map { "output/step-\(step).data-0000\($0)-of-00003" }
        }
        #expect(superseded(shards, keep: 2) == Array(shards.prefix(6)))
    }

    @Test(arguments: [
        ["output/model-00001-of-00003.bin", "output/model-00002-of-00003.bin"],
        ["output/sample_1.png", "output/sample_2.png"],
        ["output/checkpoint.pt", "output/last.ckpt"],
        ["output/best-epoch=1.ckpt", "output/best-epoch=2.ckpt"],
    ])
    func `what is no series of checkpoints stays`(paths: [String]) {
        #expect(superseded(paths, keep: 1) == [])
    }

    @Test func `the best stays, by its name or by a link`() {
        #expect(
            superseded(
                ["output/ckpt-1", "output/ckpt-2", "output/ckpt-3"], keep: 1,
                best: ["output/ckpt-1"]) == ["output/ckpt-2"])
    }

    @Test(arguments: ["output/step-1/model.pt", "output/step-1", "output"])
    func `a link into a checkpoint, or to what is around it, keeps it whole`(target: String) {
        let files = (1...3).flatMap {
            ["output/step-\($0)/model.pt", "output/step-\($0)/optimizer.pt"]
        }
        let gone = superseded(files, keep: 1, best: [target])
        #expect(!gone.contains { $0.hasPrefix("output/step-1/") })
    }

    @Test func `a clock that jumped back loses no new checkpoint`() {
        // The third was written first by the clock, and is the newest by its number.
        #expect(
            superseded(["output/step-3", "output/step-1", "output/step-2"], keep: 1)
                == ["output/step-1"])
    }

    @Test func `one always stays`() {
        #expect(superseded(["output/ckpt-1", "output/ckpt-2"], keep: 0) == ["output/ckpt-1"])
        #expect(superseded(["output/ckpt-01", "output/ckpt-002"], keep: 1) == ["output/ckpt-01"])
    }
}
