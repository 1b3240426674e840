"""The recipes of Examples/recipes: each trains, is stopped after a checkpoint, and goes on."""

from __future__ import annotations

import importlib.util
import io
import re
import signal
import subprocess
import sys
import unittest
import zipfile
from pathlib import Path

from process_support import DEADLINE_SECONDS, PACKAGE_ROOT, RunTestCase, wait_until

_EXAMPLES = PACKAGE_ROOT.parent / "Examples"
_MORE_STEPS = 60


def _lacks(*modules: str) -> str:
    """Name the modules that are not installed, as the reason of a skip."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    return f"{' and '.join(missing)} not installed" if missing else ""


class RecipeTests(RunTestCase):
    def recipe(self, name: str, steps: int, *launcher: str) -> tuple[subprocess.Popen, Path]:
        """Start a recipe as `--command` does; the process, and the file of what it prints."""
        log = self.root / f"{name}-{steps}.log"
        directories = {
            "AI_TRAINING_DATASET_DIRECTORY": str(_EXAMPLES / "digits" / "dataset"),
            "AI_TRAINING_OUTPUT_DIRECTORY": str(self.output),
            "AI_TRAINING_LOGS_DIRECTORY": str(self.logs),
        }
        settings = {"STEPS": str(steps), "KERAS_BACKEND": "torch", "OMP_NUM_THREADS": "1"}
        with open(log, "w") as file:
            process = subprocess.Popen(
                [sys.executable, *launcher, str(_EXAMPLES / "recipes" / f"{name}.py")],
                stdout=file,
                stderr=subprocess.STDOUT,
                env=self.environment(**directories, **settings),
                cwd=self.root,
            )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, log

    def stopped(self, name: str, status: int, checkpoint: str, step_of, *launcher: str) -> int:
        """Stop the recipe once a file like `checkpoint` is there; the step that was saved last."""
        process, log = self.recipe(name, 1_000_000, *launcher)

        def is_saved() -> bool:
            if process.poll() is not None:
                raise AssertionError(log.read_text())
            # Once it has said so, it listens for the signal.
            return "from step" in log.read_text() and any(self.output.glob(checkpoint))

        wait_until(is_saved, f"a checkpoint of {name}")
        process.send_signal(signal.SIGTERM)
        process.wait(DEADLINE_SECONDS)
        self.assertEqual(process.returncode, status, log.read_text())
        return max(step_of(path) for path in self.output.glob(checkpoint))

    def stopped_and_resumed(self, name: str, *how: object, interval: int = 100) -> None:
        """The stop saves the step it came at, and the next attempt goes on from there.

        Args:
            name: of the recipe.
            how: as `stopped` takes it: status after the stop, checkpoint, step of one, launcher.
            interval: of the checkpoints that the recipe saves in any case.
        """
        # A stop at such a step proves nothing: the next attempt is stopped too.
        for _ in range(3):
            saved = self.stopped(name, *how)
            if saved % interval:
                break
        self.assertNotEqual(saved % interval, 0, "nothing was saved at the stop")

        process, log = self.recipe(name, saved + _MORE_STEPS, *how[3:])
        process.wait(DEADLINE_SECONDS)
        text = log.read_text()
        self.assertEqual(process.returncode, 0, text)
        self.assertEqual(re.findall(r"^from step (\d+)$", text, re.M), [str(saved)], text)
        reached = max(int(step) for step in re.findall(r"^step (\d+)", text, re.M))
        self.assertGreaterEqual(reached, saved + _MORE_STEPS, text)

    @unittest.skipIf(_lacks("torch", "numpy"), _lacks("torch", "numpy"))
    def test_a_loop_of_ones_own(self) -> None:
        self.stopped_and_resumed("train_loop", 143, "ckpt.pt", _torch_step)

    @unittest.skipIf(_lacks("torch", "numpy"), _lacks("torch", "numpy"))
    def test_several_processes(self) -> None:
        launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2")
        # torchrun ends with 1 where a signal ended it.
        self.stopped_and_resumed("train_ddp", 1, "ckpt.pt", _torch_step, *launcher)

    @unittest.skipIf(_lacks("transformers", "accelerate"), _lacks("transformers", "accelerate"))
    def test_hugging_face(self) -> None:
        self.stopped_and_resumed(
            "train_huggingface", 0, "checkpoint-*", lambda path: int(path.name.split("-")[1])
        )

    @unittest.skipIf(_lacks("lightning"), _lacks("lightning"))
    def test_lightning(self) -> None:
        self.stopped_and_resumed("train_lightning", 0, "last.ckpt", _torch_step)

    @unittest.skipIf(_lacks("keras", "torch", "h5py"), _lacks("keras", "torch", "h5py"))
    def test_keras(self) -> None:
        # 1,797 digits in batches of 32: an epoch.
        self.stopped_and_resumed("train_keras", 143, "model.keras", _keras_step, interval=57)


def _torch_step(path: Path) -> int:
    import torch

    state = torch.load(path, weights_only=False)
    return state["global_step"] if "global_step" in state else state["step"]


def _keras_step(path: Path) -> int:
    import h5py

    with zipfile.ZipFile(path) as archive:
        weights = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(weights) as file:
        return int(file["optimizer/vars/0"][()])


if __name__ == "__main__":
    unittest.main()
