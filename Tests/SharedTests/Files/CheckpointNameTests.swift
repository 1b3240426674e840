import Testing

@testable import Shared

@Suite struct CheckpointNameTests {
    /// Number, unit and stem of the name that counts; then the directory that is one checkpoint.
    private static let table: [(String, (Int64, CheckpointName.Count, String, String)?, String?)] =
        [
            // Hugging Face, DeepSpeed, Megatron, Orbax.
            (
                "output/checkpoint-500/model.safetensors",
                (500, .steps, "output/checkpoint-500", "output/checkpoint-500"),
                "output/checkpoint-500"
            ),
            (
                "output/global_step300/mp_rank_00_model_states.pt",
                (300, .steps, "output/global_step300", "output/global_step300"),
                "output/global_step300"
            ),
            (
                "output/globalstep30/x", (30, .steps, "output/globalstep30", "output/globalstep30"),
                "output/globalstep30"
            ),
            (
                "output/iter_0000700/mp.pt",
                (700, .steps, "output/iter_0000700", "output/iter_0000700"),
                "output/iter_0000700"
            ),
            (
                "output/checkpoints/600/params/x",
                (600, .unnamed, "output/checkpoints/600", "output/checkpoints/600"),
                "output/checkpoints/600"
            ),
            // Lightning, TensorFlow, loops of one's own: files.
            (
                "output/version_0/checkpoints/epoch=1-step=200.ckpt",
                (
                    200, .steps, "output/version_0/checkpoints/epoch=1-step=200.ckpt",
                    "output/version_0/checkpoints/epoch=1-step=200"
                ), nil
            ),
            (
                "output/model.ckpt-500.data-00000-of-00001",
                (
                    500, .steps, "output/model.ckpt-500.data-00000-of-00001",
                    "output/model.ckpt-500"
                ), nil
            ),
            ("ckpt_400.pt", (400, .steps, "ckpt_400.pt", "ckpt_400"), nil),
            ("output/iter-7.pt", (7, .steps, "output/iter-7.pt", "output/iter-7"), nil),
            (
                "output/Step_00012.PT", (12, .steps, "output/Step_00012.PT", "output/Step_00012"),
                nil
            ),
            ("Checkpoint8", (8, .steps, "Checkpoint8", "Checkpoint8"), nil),
            // The deepest step counts, before any epoch; the outermost directory is the checkpoint.
            (
                "output/step1/checkpoint-80/x.bin",
                (80, .steps, "output/step1/checkpoint-80", "output/step1/checkpoint-80"),
                "output/step1"
            ),
            (
                "output/checkpoint-80/epoch_3.bin",
                (80, .steps, "output/checkpoint-80", "output/checkpoint-80"), "output/checkpoint-80"
            ),
            ("step_100_epoch_3.pt", (100, .steps, "step_100_epoch_3.pt", "step_100"), nil),
            (
                "output/net_epoch_7.pth",
                (7, .epochs, "output/net_epoch_7.pth", "output/net_epoch_7"), nil
            ),
            (
                "output/epoch_4/x", (4, .epochs, "output/epoch_4", "output/epoch_4"),
                "output/epoch_4"
            ),
            // Directories by their last number.
            ("output/7/model.pt", nil, "output/7"),
            ("output/save_model_9/x", nil, "output/save_model_9"),
            ("output/version_3/x", nil, nil), ("logs/train.log", nil, nil),
            ("output/600", nil, nil),
            // Under a temporary name.
            ("output/checkpoint-500.tmp", nil, nil),
            ("output/tmp-checkpoint-500/model.bin", nil, "output/tmp-checkpoint-500"),
            // No checkpoints.
            ("output/model.pt", nil, nil), ("output/resnet50.pt", nil, nil),
            ("output/resnet50-checkpoint.pt", nil, nil), ("output/footstep9.pt", nil, nil),
            ("output/model-00001-of-00004.safetensors", nil, nil), ("biter_7", nil, nil),
            ("output/step99999999999999999.pt", nil, nil), ("step-1234567890123456.pt", nil, nil),
            ("output/checkpoints/-5", nil, nil), ("output/checkpoints/+5", nil, nil),
            ("", nil, nil), ("/", nil, nil), ("step", nil, nil), ("checkpoint-", nil, nil),
            ("étape_7", nil, nil), ("step-²", nil, nil),
        ]

    @Test(arguments: table)
    func `a path tells its checkpoint as frameworks write it`(
        path: String, expected: (Int64, CheckpointName.Count, String, String)?, directory: String?
    ) {
        let name = CheckpointName(path)
        #expect(name?.number == expected?.0)
        #expect(name?.count == expected?.1)
        #expect(name?.unit == expected?.2)
        #expect(name?.stem == expected?.3)
        #expect(CheckpointName(directoryOf: path)?.unit == directory)
        guard let name else { return }
        #expect(name.step == (name.count == .epochs ? nil : Int(name.number)))
        #expect(name.holds(path))
        #expect(!name.holds(name.unit + "0/x"))
    }

    @Test func `a path that no system allows is of no checkpoint`() {
        let long = String(repeating: "a/", count: 2048)
        #expect(CheckpointName(long + "step1") == nil)
    }
}
