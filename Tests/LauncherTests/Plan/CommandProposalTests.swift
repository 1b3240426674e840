import Shared
import TestSupport
import Testing

@testable import Launcher

/// What is proposed for repositories that were not written for this engine, in the idioms of popular
/// public ones: each is refused with a line that a start then takes.
@Suite(.timeLimit(.minutes(2))) struct CommandProposalTests {
    struct Repository: CustomTestStringConvertible {
        var name: String
        var files: [String: String]
        var line: String
        var testDescription: String { name }
    }

    /// A parser as argparse's users write it.
    private static func argparse(_ flags: String...) -> String {
        "import argparse\ndef main(args):\n    pass\nparser = argparse.ArgumentParser()\n"
            + flags.map { "parser.add_argument('\($0)', type=str)\n" }.joined()
            + "if __name__ == '__main__':\n    main(parser.parse_args())\n"
    }

    static let repositories: [Repository] = [
        .init(
            name: "nanoGPT: variables that an exec'd file overrides",
            files: [
                "train.py": "out_dir = 'out'\ndataset = 'openwebtext'\n"
                    + "exec(open('configurator.py').read())\n",
                "configurator.py": "", "model.py": "", "sample.py": "out_dir = 'out'\n",
                "bench.py": "", "config/train_gpt2.py": "",
            ], line: "python train.py --out_dir={output_directory}"),
        .init(
            name: "timm: a script at the top",
            files: ["train.py": argparse("--data-dir", "--output"), "timm/__init__.py": ""],
            line: "python train.py --output={output_directory} --data-dir={dataset_directory}"),
        .init(
            name: "YOLOv5",
            files: ["train.py": argparse("--data", "--project", "--name"), "val.py": ""],
            line: "python train.py --project={output_directory} --data={dataset_directory}"),
        .init(
            name: "lightning-hydra-template",
            files: [
                "src/train.py": "import hydra\nimport rootutils\nfrom src.utils import x\n"
                    + "@hydra.main(version_base='1.3')\ndef main(cfg):\n    pass\n",
                "src/utils/__init__.py": "", "src/eval.py": "",
            ], line: "python src/train.py hydra.run.dir={output_directory}"),
        .init(
            name: "MAE: two scripts whose names begin alike",
            files: [
                "main_pretrain.py": argparse("--data_path", "--output_dir"),
                "main_finetune.py": argparse("--data_path", "--output_dir"),
            ],
            line: "python main_finetune.py --output_dir={output_directory} "
                + "--data_path={dataset_directory}"),
        .init(
            name: "nanochat: scripts that import the package beside them",
            files: [
                "scripts/base_train.py": "from nanochat.gpt import GPT\n",
                "nanochat/gpt.py": "", "pyproject.toml": "[project]\nname = 'nanochat'\n",
            ], line: "python -m scripts.base_train"),
        .init(
            name: "alpaca-lora: fire",
            files: [
                "finetune.py": "import fire\ndef train(\n    data_path: str = 'x',\n"
                    + "    output_dir: str = './lora',\n):\n    pass\n"
                    + "if __name__ == '__main__':\n    fire.Fire(train)\n", "generate.py": "",
            ],
            line: "python finetune.py --output_dir={output_directory} "
                + "--data_path={dataset_directory}"),
        .init(
            name: "latent-diffusion", files: ["main.py": argparse("--logdir", "--base")],
            line: "python main.py --logdir={output_directory}"),
        .init(
            name: "DiT", files: ["train.py": argparse("--data-path", "--results-dir")],
            line: "python train.py --results-dir={output_directory} "
                + "--data-path={dataset_directory}"),
        .init(
            name: "LLaMA-Factory: HfArgumentParser",
            files: [
                "src/train.py": "from transformers import HfArgumentParser\n",
                "src/llamafactory/__init__.py": "",
            ], line: "python src/train.py --output_dir={output_directory}"),
        .init(
            name: "axolotl: a console script",
            files: [
                "pyproject.toml": "[project]\nname = 'a'\n\n[project.scripts]\n"
                    + "axolotl = 'axolotl.cli:main'\n\n[tool.x]\ny = 1\n",
                "src/axolotl/__init__.py": "",
            ], line: "axolotl …"),
        .init(
            name: "sd-scripts", files: ["train_db.py": "", "sdxl_train.py": ""],
            line: "python sdxl_train.py"),
        .init(
            name: "Megatron-LM",
            files: ["pretrain_gpt.py": "", "pretrain_t5.py": "", "megatron/core/__init__.py": ""],
            line: "python pretrain_gpt.py"),
        .init(
            name: "DINOv2: a script in the package",
            files: [
                "dinov2/train/train.py": "", "dinov2/train.py": argparse("--output-dir"),
                "dinov2/__init__.py": "", "setup.py": "",
            ], line: "python dinov2/train.py --output-dir={output_directory}"),
        .init(
            name: "guided-diffusion",
            files: [
                "scripts/image_train.py": "from guided_diffusion import dist_util\n",
                "guided_diffusion/dist_util.py": "",
            ], line: "python -m scripts.image_train"),
        .init(
            name: "litgpt: a console script",
            files: ["pyproject.toml": "[project.scripts]\nlitgpt = \"litgpt.__main__:main\"\n"],
            line: "litgpt …"),
        .init(
            name: "pytorch-cifar", files: ["main.py": argparse("--lr", "--resume")],
            line: "python main.py"),
        .init(
            name: "vision_transformer: absl",
            files: [
                "train.py": "from absl import flags\n"
                    + "flags.DEFINE_string('workdir', None, 'Where checkpoints go.')\n"
            ], line: "python train.py --workdir={output_directory}"),
        .init(
            name: "LightningCLI",
            files: ["main.py": "from lightning import LightningCLI\ncli = LightningCLI(M)\n"],
            line: "python main.py fit --trainer.default_root_dir={output_directory}"),
    ]

    @Test(arguments: repositories)
    func `the refusal proposes the line to type, and a start takes it`(
        repository: Repository
    ) async throws {
        let laptop = try LauncherSandbox()
        try FileManager.default.removeItem(atPath: laptop.code)
        for (path, text) in repository.files { try laptop.scratch.write(text, to: "code/" + path) }
        #expect(await laptop.start(["--dry_run"]) == 2)
        let typed = "--command \(shellQuoted(repository.line))"
        #expect(
            laptop.heard.errors.contains("hint: run it as it is: \(typed); or put one into"),
            "\(laptop.heard.errors)")
        #expect(await laptop.start(["--dry_run", "--command", repository.line]) == 0)
        let json = String(
            decoding: try JSONFormat.encode(repository.line, pretty: false), as: UTF8.self)
        #expect(laptop.heard.outputs.contains("\"command\" : \(json)"))
        let template = CommandTemplate(repository.line)
        #expect(template.doubts == [])
        let line = template.expanded(
            .init(
                directories: .init(work: "/w", code: "/c", dataset: "/d", output: "/o", logs: "/l"),
                isResumed: false))
        #expect(!line.contains("directory}"))
    }

    /// Its names go into a line that somebody pastes.
    @Test(arguments: ["train_$(id).py", "train_a b.py", "-train.py", "main_;x.py", "train_é.py"])
    func `a file whose name is anybody's is not proposed`(name: String) throws {
        let scratch = try Scratch()
        try scratch.write("", to: name)
        let failure = #expect(throws: Failure.self) {
            try TrainingOptions().entry(in: scratch.path)
        }
        #expect(failure?.hint?.contains("--command") == false, "\(failure?.hint ?? "")")
    }

    @Test func `a pipe in the place of a script stops nobody`() throws {
        let scratch = try Scratch()
        #expect(mkfifo(scratch.path + "/train.py", 0o600) == 0)
        #expect(throws: Failure.self) { try TrainingOptions().entry(in: scratch.path) }
    }
}
