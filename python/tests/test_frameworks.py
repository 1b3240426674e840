"""The stop callbacks under the real frameworks: stopped, then gone on from what was saved."""

from __future__ import annotations

import importlib.util
import signal
import time
import unittest

from process_support import DEADLINE_SECONDS, RunTestCase

_HUGGING_FACE = """
    import sys, time, torch
    from transformers import Trainer, TrainerCallback, TrainingArguments
    from transformers.trainer_utils import get_last_checkpoint
    from ai_training_utils.huggingface import SteeringCallback
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(2, 1)
        def forward(self, x, labels=None):
            y = self.layer(x)
            return {"loss": ((y - labels) ** 2).mean(), "logits": y}
    class Slow(TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs):
            print("step", state.global_step, flush=True)
            time.sleep(0.01)
    data = [{"x": torch.ones(2), "labels": torch.ones(1)}] * 64
    args = TrainingArguments(sys.argv[1], max_steps=int(sys.argv[2]), save_strategy="no",
                             report_to=[], disable_tqdm=True, use_cpu=True)
    trainer = Trainer(Model(), args, train_dataset=data, callbacks=[Slow(), SteeringCallback()])
    newest = get_last_checkpoint(sys.argv[1])
    print("from", newest, flush=True)
    trainer.train(resume_from_checkpoint=newest)
    print("ended at", trainer.state.global_step)
"""

_LIGHTNING = """
    import sys, time, torch
    from lightning.pytorch import LightningModule, Trainer
    from lightning.pytorch.callbacks import ModelCheckpoint
    from ai_training_utils.lightning import SteeringCallback
    class Model(LightningModule):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(2, 1)
        def on_train_start(self):
            print("from", self.global_step, flush=True)
        def training_step(self, batch, index):
            print("step", self.global_step, flush=True)
            time.sleep(0.01)
            return (self.layer(batch) ** 2).mean()
        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)
    data = torch.utils.data.DataLoader(torch.ones(1000, 2))
    trainer = Trainer(max_steps=int(sys.argv[2]), accelerator="cpu", logger=False,
                      enable_progress_bar=False, default_root_dir=sys.argv[1],
                      callbacks=[ModelCheckpoint(sys.argv[1]), SteeringCallback()])
    trainer.fit(Model(), data, ckpt_path="last")
    print("ended at", trainer.global_step)
"""

_KERAS = """
    import os, sys, time
    os.environ["KERAS_BACKEND"] = "torch"
    import keras, numpy
    from ai_training_utils.keras import SteeringCallback
    path = os.path.join(sys.argv[1], "stopped.keras")
    class Slow(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            print("step", int(self.model.optimizer.iterations), flush=True)
            time.sleep(0.01)
    os.makedirs(sys.argv[1], exist_ok=True)
    if os.path.exists(path):
        model = keras.models.load_model(path)
    else:
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
    print("from", int(model.optimizer.iterations), flush=True)
    count = int(sys.argv[2]) - int(model.optimizer.iterations)
    model.fit(numpy.ones((count, 2)), numpy.ones((count, 1)), batch_size=1, verbose=0,
              callbacks=[Slow(), SteeringCallback(path)])
    print("ended at", int(model.optimizer.iterations))
"""


def _lacks(*modules: str) -> str:
    """Name the modules that are not installed, as the reason of a skip."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    return f"{' and '.join(missing)} not installed" if missing else ""


class FrameworkTests(RunTestCase):
    def stopped_and_resumed(self, code: str, status: int) -> None:
        """A training is stopped after its twentieth step, and goes on from there."""
        trainer = self.start(code, str(self.output), "100000")
        deadline = time.monotonic() + DEADLINE_SECONDS
        last = 0
        for line in trainer.stdout:
            if line.startswith("step"):
                last = int(line.split()[1])
            if last >= 20 or time.monotonic() > deadline:
                break
        trainer.send_signal(signal.SIGTERM)
        stdout, stderr = trainer.communicate(timeout=DEADLINE_SECONDS)
        self.assertEqual(trainer.returncode, status, stderr)
        steps = [int(line.split()[1]) for line in stdout.splitlines() if line.startswith("step")]
        last = max(steps, default=last)
        self.assertGreaterEqual(last, 20)

        stdout, _ = self.assert_runs(code, str(self.output), str(last + 30))
        (start,) = [line for line in stdout.splitlines() if line.startswith("from")]
        saved = int(start.split()[1].rpartition("checkpoint-")[2])
        # Lightning counts the step after the hook that prints it.
        self.assertIn(saved, (last, last + 1))
        self.assertIn(f"ended at {last + 30}", stdout)

    @unittest.skipIf(_lacks("transformers", "accelerate"), _lacks("transformers", "accelerate"))
    def test_hugging_face(self) -> None:
        self.stopped_and_resumed(_HUGGING_FACE, 0)

    @unittest.skipIf(_lacks("lightning"), _lacks("lightning"))
    def test_lightning(self) -> None:
        self.stopped_and_resumed(_LIGHTNING, 0)

    @unittest.skipIf(_lacks("keras", "torch"), _lacks("keras", "torch"))
    def test_keras(self) -> None:
        self.stopped_and_resumed(_KERAS, 143)


if __name__ == "__main__":
    unittest.main()
