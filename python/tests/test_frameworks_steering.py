"""Tuned and asked for a checkpoint under the real frameworks."""

from __future__ import annotations

import importlib.util
import json
import unittest

from process_support import RunTestCase, json_lines

_HUGGING_FACE = """
    import ai_training_utils._observe, sys, torch
    from transformers import Trainer, TrainingArguments
    from ai_training_utils.huggingface import SteeringCallback
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(2, 1)
        def forward(self, x, labels=None):
            y = self.layer(x)
            return {"loss": ((y - labels) ** 2).mean(), "logits": y}
    data = [{"x": torch.ones(2), "labels": torch.ones(1)}] * 64
    args = TrainingArguments(sys.argv[1], max_steps=40, save_strategy="no", logging_steps=5,
                             report_to=[], disable_tqdm=True, use_cpu=True)
    Trainer(Model(), args, train_dataset=data, callbacks=[SteeringCallback()]).train()
"""

# No line of ours: what is needed comes by the observer's entry point.
_LIGHTNING = """
    import ai_training_utils._observe, hashlib, os, sys, torch
    from lightning.pytorch import LightningModule, Trainer
    from lightning.pytorch.callbacks import ModelCheckpoint
    torch.manual_seed(0)
    torch.set_num_threads(1)
    class Model(LightningModule):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(2, 1)
        def training_step(self, batch, index):
            generator = torch.Generator().manual_seed(self.global_step)
            x = torch.randn(4, 2, generator=generator)
            return ((self.layer(x) - x.sum(1, keepdim=True)) ** 2).mean()
        def configure_optimizers(self):
            optimizer = torch.optim.SGD(self.parameters(), lr=0.01, momentum=0.9)
            return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)]
    data = torch.utils.data.DataLoader(torch.ones(1000, 2))
    keep = ModelCheckpoint(sys.argv[1], every_n_train_steps=25, save_last=True)
    trainer = Trainer(max_steps=int(sys.argv[2]), accelerator="cpu", logger=False,
                      enable_progress_bar=False, default_root_dir=sys.argv[1], callbacks=[keep])
    model = Model()
    last = os.path.join(sys.argv[1], "last.ckpt")
    trainer.fit(model, data, ckpt_path=last if os.path.exists(last) else None)
    text = repr([parameter.tolist() for parameter in model.parameters()])
    print("digest", hashlib.sha256(text.encode()).hexdigest())
"""

_KERAS = """
    import ai_training_utils._observe, os, sys
    os.environ["KERAS_BACKEND"] = "torch"
    import keras, numpy
    from ai_training_utils.keras import SteeringCallback
    used = []
    class Used(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            used.append(round(float(self.model.optimizer.learning_rate), 6))
    os.makedirs(sys.argv[1], exist_ok=True)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    steering = SteeringCallback(os.path.join(sys.argv[1], "stopped.keras"))
    model.fit(numpy.ones((40, 2)), numpy.ones((40, 1)), batch_size=1, verbose=0, shuffle=False,
              callbacks=[steering, Used()])
    print(sorted(set(used)), round(float(model.optimizer.learning_rate), 6))
"""


def _lacks(*modules: str) -> str:
    """Name the modules that are not installed, as the reason of a skip."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    return f"{' and '.join(missing)} not installed" if missing else ""


class SteeringTests(RunTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.logs.mkdir()
        self.journal = self.logs / "tuning.jsonl"
        self.work = self.root / "observer"
        self.work.mkdir()

    def request(self, identifier: str, **request: object) -> None:
        line = {"id": identifier, "state": "delivered", "request": request}
        with open(self.journal, "a") as file:
            file.write(json.dumps(line) + "\n")

    def train(self, code: str, *arguments: str, attempt: int = 1) -> str:
        stdout, _ = self.assert_runs(
            code,
            *arguments,
            AI_TRAINING_OBSERVE="1",
            AI_TRAINING_OBSERVER_DIRECTORY=str(self.work),
            AI_TRAINING_LOGS_DIRECTORY=str(self.logs),
            AI_TRAINING_ATTEMPT=str(attempt),
        )
        return stdout

    def ends(self) -> dict:
        lines = json_lines(self.journal)
        return {line["id"]: line for line in lines if line["state"] in ("applied", "refused")}

    def observed(self, name: str) -> list:
        lines = json_lines(self.logs / "observer.jsonl")
        return [line["value"] for line in lines if line["name"] == f"observer/{name}"]

    @unittest.skipIf(_lacks("transformers", "accelerate"), _lacks("transformers", "accelerate"))
    def test_hugging_face(self) -> None:
        self.request("tune", changes={"lr": {"scale": 0.5}}, at_step=5)
        self.request("save", checkpoint=True)
        self.train(_HUGGING_FACE, str(self.output))
        ends = self.ends()
        self.assertEqual((ends["tune"]["step"], ends["tune"]["clock"]), (5, "huggingface"))
        self.assertTrue((self.output / "checkpoint-1").is_dir())
        self.assertEqual(ends["save"]["path"], str(self.output / "checkpoint-1"))
        self.assertTrue(self.observed("loss") and self.observed("lr"))

    @unittest.skipIf(_lacks("lightning"), _lacks("lightning"))
    def test_lightning_without_a_line_ends_with_the_same_weights(self) -> None:
        def requests() -> None:
            for path in self.logs.iterdir():
                path.unlink()
            self.request("A", changes={"lr": {"scale": 0.5}}, at_step=10)
            self.request("B", changes={"momentum": {"set": 0.5}}, at_step=40)
            self.request("save", checkpoint=True)

        requests()
        whole = self.train(_LIGHTNING, str(self.root / "whole"), "60")
        self.assertEqual(self.ends()["A"]["clock"], "lightning")
        self.assertTrue((self.root / "whole" / "requested-step=1.ckpt").is_file())
        self.assertEqual(self.ends()["save"]["state"], "applied")
        self.assertTrue(self.observed("loss") and self.observed("lr"))
        requests()
        self.train(_LIGHTNING, str(self.output), "30")
        resumed = self.train(_LIGHTNING, str(self.output), "60", attempt=2)
        self.assertIn("digest", whole)
        self.assertEqual(resumed, whole)
        (line,) = [line for line in json_lines(self.journal) if line["state"] == "replayed"]
        self.assertTrue(line["exact"])

    @unittest.skipIf(_lacks("keras", "torch"), _lacks("keras", "torch"))
    def test_keras(self) -> None:
        self.request("tune", changes={"lr": {"set": 0.025}}, at_step=5)
        self.request("save", checkpoint=True)
        stdout = self.train(_KERAS, str(self.output))
        self.assertIn("[0.025, 0.1] 0.1", stdout)
        ends = self.ends()
        self.assertEqual((ends["tune"]["step"], ends["tune"]["clock"]), (5, "keras"))
        self.assertEqual(ends["save"]["path"], str(self.output / "requested-1.keras"))
        self.assertTrue((self.output / "requested-1.keras").is_file())
        self.assertTrue(self.observed("loss"))
        knobs = json.loads((self.logs / "knobs.json").read_text())
        self.assertTrue(knobs["can_checkpoint"])
        self.assertEqual(knobs["knobs"]["optimizer.lr"]["source"], "keras SGD")


if __name__ == "__main__":
    unittest.main()
