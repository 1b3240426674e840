import Shared
import Testing

@testable import Agent

/// What of a machine's output goes up first when there are only seconds.
@Suite struct ShutdownOrderTests {
    private static func upload(_ path: String, _ megabytes: Double, at mtime: Int64)
        -> PendingUpload
    {
        PendingUpload(
            index: 0, path: path,
            stamp: FileVersion(
                size: Int64(megabytes * 1_048_576), mtime: mtime, ctime: mtime, inode: 1),
            isLink: false, kind: .whole(byLink: true), pendingSince: .zero, mayWait: false)
    }

    private static func order(_ uploads: [PendingUpload]) -> [[String]] {
        ShutdownOrder.groups(uploads).map { $0.map(\.path).sorted() }
    }

    @Test func `what is beside the output directory comes last, its newest checkpoint first`() {
        let uploads = [
            Self.upload("stray/runs/checkpoint-2/model.bin", 900, at: 9),
            Self.upload("stray/runs/checkpoint-1/model.bin", 900, at: 8),
            Self.upload("stray/config.yaml", 0.1, at: 7),
            Self.upload("output/old.bin", 50, at: 1), Self.upload("logs/train.log", 0.1, at: 1),
        ]
        #expect(
            Self.order(uploads) == [
                ["output/old.bin"], ["logs/train.log"], ["stray/runs/checkpoint-2/model.bin"],
                ["stray/config.yaml"], ["stray/runs/checkpoint-1/model.bin"],
            ])
        #expect(
            ShutdownOrder.trees(uploads).map { $0.map(\.path) } == [
                ["output/old.bin", "logs/train.log"], uploads.prefix(3).map(\.path),
            ])
    }

    @Test func `the newest checkpoint, then what is small, then the rest`() {
        let uploads = [
            Self.upload("output/checkpoint-100/model.bin", 900, at: 1),
            Self.upload("output/checkpoint-100/state.json", 0.1, at: 2),
            Self.upload("output/checkpoint-200/model.bin", 900, at: 3),
            Self.upload("output/checkpoint-200/state.json", 0.1, at: 4),
            Self.upload("output/latest", 0.1, at: 5),
            Self.upload("output/samples.bin", 50, at: 0),
            // A large log is newer than all, and no checkpoint.
            Self.upload("logs/train.log", 70, at: 9),
            Self.upload("logs/agent.log", 0.1, at: 9),
        ]
        #expect(
            Self.order(uploads) == [
                ["output/checkpoint-200/model.bin", "output/checkpoint-200/state.json"],
                ["logs/agent.log", "output/latest"], ["logs/train.log"],
                ["output/checkpoint-100/model.bin", "output/checkpoint-100/state.json"],
                ["output/samples.bin"],
            ])
    }

    @Test func `a checkpoint that is one file is one too`() {
        let uploads = (1...3).map { Self.upload("output/epoch=\($0).ckpt", 20, at: Int64($0)) }
        #expect(Self.order(uploads).first == ["output/epoch=3.ckpt"])
    }

    @Test func `nothing is left out, and few tools are started`() {
        let uploads = (1...500).map { Self.upload("output/part-\($0).bin", 2, at: Int64($0)) }
        let groups = Self.order(uploads)
        #expect(groups.count <= 5)
        #expect(groups.flatMap { $0 }.sorted() == uploads.map(\.path).sorted())
        #expect(ShutdownOrder.groups([]).isEmpty)
    }
}
