import Shared
import Testing

@testable import Agent

/// Which files a new machine gets, and what the pointers among them say.
@Suite struct RestorePlanTests {
    private static func kept(_ paths: [String]) -> [String] {
        RestorePlan(paths.map { "output/\($0)" }).kept.map { String(paths[$0]) }
    }

    private static let whole = ["model.bin", "optimizer.pt", "state.json"]

    @Test func `a half-written file stays away, and a whole one of its name comes`() {
        #expect(
            Self.kept(["a.pt", "a.pt.partial", "b.pt.partial.2", "c.partial.txt"]) == [
                "a.pt", "c.partial.txt",
            ])
        // In the logs it is something to read.
        #expect(RestorePlan(["logs/a.pt.partial", "logs/a.log"]).kept == [1])
    }

    @Test func `a checkpoint with a half-written file stays away as a whole`() {
        let older = Self.whole.map { "checkpoint-400/\($0)" }
        let torn = [
            "checkpoint-500/model.bin", "checkpoint-500/global_step500/optimizer.pt.partial",
        ]
        let plan = RestorePlan((older + torn).map { "output/\($0)" })
        #expect(plan.kept == [0, 1, 2])
        #expect(plan.heldBack.count == 1)
        #expect(plan.heldBack[0].contains("'output/checkpoint-500'"))
    }

    @Test func `names are cut by their bytes, whatever the language of their folder`() {
        let parent = "modèle-für-ŝtupo"
        let two = [400, 500].flatMap { step in
            ["a", "b"].map { "\(parent)/checkpoint-\(step)/\($0)" }
        }
        #expect(Self.kept(two + ["\(parent)/checkpoint-600/a"]) == two)
        #expect(Self.kept(two + ["\(parent)/tmp-checkpoint-500/a"]) == two)
    }

    @Test func `a directory of several checkpoints loses only the half-written one`() {
        let paths = [
            "version_0/checkpoints/epoch=1-step=90.ckpt", "version_0/checkpoints/last.ckpt.partial",
            "version_1/checkpoints/epoch=2-step=180.ckpt", "version_1/hparams.yaml",
        ]
        #expect(Self.kept(paths) == [paths[0], paths[2], paths[3]])
    }

    @Test func `the newest checkpoints that lack what all elder ones have stay away`() {
        let two = [400, 500].flatMap { step in
            (Self.whole + ["rng_0.pth", "rng_1.pth"]).map { "checkpoint-\(step)/\($0)" }
        }
        #expect(Self.kept(two) == two)
        let short = two + ["checkpoint-600/model.bin", "checkpoint-600/rng_0.pth"]
        #expect(Self.kept(short + ["checkpoint-700/model.bin"]) == two)
        // One of two of a kind.
        let one = (Self.whole + ["rng_0.pth"]).map { "checkpoint-600/\($0)" }
        #expect(Self.kept(two + one) == two)
    }

    @Test func `a checkpoint that is not the newest is left alone`() {
        let short = ["checkpoint-500/model.bin"]
        let others = [400, 600].flatMap { step in Self.whole.map { "checkpoint-\(step)/\($0)" } }
        #expect(Self.kept(others + short) == others + short)
        // What only some elder ones have is wanted of nobody.
        let extra = others + ["checkpoint-400/extra.bin", "checkpoint-500/model.bin"]
        #expect(Self.kept(extra) == extra)
    }

    @Test func `the first checkpoint of all is whole for all that is known`() {
        #expect(Self.kept(["checkpoint-100/model.bin"]) == ["checkpoint-100/model.bin"])
        let others = ["checkpoint-100/model.bin", "other-100/model.bin", "other-200/weights.bin"]
        #expect(Self.kept(others) == others)
    }

    @Test(arguments: [
        ("tmp-checkpoint-500", "checkpoint-500"), ("checkpoint-500.tmp", "checkpoint-500"),
        ("5.orbax-checkpoint-tmp-1700000000", "5"), (".tmp_save", "save"),
    ])
    func `a temporary directory that was renamed stays away`(temporary: String, final: String) {
        let files = ["\(final)/a.bin", "\(temporary)/a.bin"]
        #expect(Self.kept(files) == ["\(final)/a.bin"])
        // Not renamed, it may be all there is.
        #expect(Self.kept(["\(temporary)/a.bin"]) == ["\(temporary)/a.bin"])
    }

    private static func verdict(
        _ name: String, _ text: String, _ siblings: Set<String>
    ) -> String? {
        switch CheckpointPointers.verdict("output/\(name)", Data(text.utf8), siblings: siblings) {
        case .stays: text
        case .becomes(let data): String(decoding: data, as: UTF8.self)
        case .goes: nil
        }
    }

    @Test func `DeepSpeed's and Megatron's pointers name the newest that is there`() {
        let steps: Set = ["global_step100", "global_step90", "latest", "zero_step7"]
        #expect(Self.verdict("latest", "global_step100\n", steps) == "global_step100\n")
        #expect(Self.verdict("latest", "global_step200", steps) == "global_step100")
        #expect(Self.verdict("latest", "global_step200", ["latest"]) == nil)
        #expect(Self.verdict("latest", "some words of the user's", steps) != nil)
        let iterations: Set = ["iter_0000100"]
        let name = "latest_checkpointed_iteration.txt"
        #expect(Self.verdict(name, "100", iterations) == "100")
        #expect(Self.verdict(name, "200", iterations) == "100")
    }

    @Test func `TensorFlow's pointer names only what is there`() {
        let line: (String) -> String = { "all_model_checkpoint_paths: \"\($0)\"\n" }
        let text = "model_checkpoint_path: \"ckpt-3\"\n" + line("ckpt-2") + line("/old/ckpt-3")
        let both: Set = ["ckpt-2.index", "ckpt-3.index"]
        #expect(Self.verdict("checkpoint", text, both) == text)
        #expect(
            Self.verdict("checkpoint", text, ["ckpt-2.index"])
                == "model_checkpoint_path: \"ckpt-2\"\n" + line("ckpt-2"))
        #expect(Self.verdict("checkpoint", text, []) == nil)
        #expect(Self.verdict("checkpoint", "no pointer", []) == "no pointer")
    }

    @Test func `the index of a sharded model comes only with all its shards`() {
        let text = #"{"metadata": {}, "weight_map": {"a": "m-1.bin", "b": "m-2.bin"}}"#
        let name = "model.safetensors.index.json"
        #expect(Self.verdict(name, text, ["m-1.bin", "m-2.bin", "x"]) == text)
        #expect(Self.verdict(name, text, ["m-1.bin"]) == nil)
        #expect(Self.verdict(name, "[]", []) == "[]")
    }
}
