import Shared
import Testing

@testable import Agent

@Suite struct OutputLookTests {
    @Test(arguments: [
        ("checkpoint-500/model.safetensors", 500, "checkpoint-500"),
        ("a/epoch=1-step=200.ckpt", 200, "a/epoch=1-step=200.ckpt"),
        ("global_step300/mp_rank_00_model_states.pt", 300, "global_step300"),
        ("ckpt_400.pt", 400, "ckpt_400.pt"), ("model.ckpt-500.index", 500, "model.ckpt-500.index"),
        ("checkpoints/600/array", 600, "checkpoints/600"),
        ("iter_0000700/mp.pt", 700, "iter_0000700"), ("net_epoch_7.pth", 7, "net_epoch_7.pth"),
        ("step_100_epoch_3.pt", 100, "step_100_epoch_3.pt"), ("Checkpoint8", 8, "Checkpoint8"),
    ])
    func `a checkpoint's number is found`(path: String, number: Int64, unit: String) {
        let found = CheckpointNumber(path)
        #expect(found?.number == number)
        #expect(found?.unit == unit)
    }

    @Test(arguments: [
        "model.pt", "resnet50.pt", "resnet50-checkpoint.pt", "model-00001-of-00004.safetensors",
        "tmp-checkpoint-500/model.bin", "checkpoint-500.tmp", "biter_7", "7/model.pt", "step",
        "step-1234567890123456.pt", "", "/", "checkpoint-", "étape_7",
    ])
    func `other names have none`(path: String) {
        #expect(CheckpointNumber(path) == nil)
    }

    @Test func `only whole checkpoints count, and what is new`() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let began = Date(timeIntervalSinceNow: -60)
        func look(_ incomplete: [String] = []) -> OutputLook {
            OutputLook(directory.path, since: began, incomplete: incomplete)
        }
        #expect(!look().hasNew)
        for path in ["checkpoint-5/a", "checkpoint-5/b", "checkpoint-50/a"] {
            try makeDirectories(parentDirectory(directory.path + "/" + path))
            try AtomicFile.write(Data("x".utf8), to: directory.path + "/" + path)
        }
        #expect(look().hasNew)
        #expect(look().checkpoint == 50)
        #expect(look(["checkpoint-50/a"]).checkpoint == 5)
        #expect(look(["checkpoint-5/b"]).checkpoint == 50)
        let later = OutputLook(
            directory.path, since: Date(timeIntervalSinceNow: 3600), incomplete: [])
        #expect(!later.hasNew)
        #expect(OutputLook(directory.path + "/no", since: began, incomplete: []).hasNew)
    }
}
