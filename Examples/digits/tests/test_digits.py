"""The example as its users run it: to the end, killed, torn, stopped, tuned."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent.parent
HELPERS = EXAMPLE.parent.parent / "python"
DEADLINE_SECONDS = 60.0


@unittest.skipIf(importlib.util.find_spec("numpy") is None, "NumPy is not installed")
class DigitsTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.root = Path(temporary.name)
        # What all interruptions must lead to as well.
        cls.uninterrupted = cls.root / "uninterrupted"
        status, log = cls.finish(cls.start(cls.uninterrupted, "--epochs", "20"))
        assert status == 0, log

    @classmethod
    def start(cls, run: Path, *options: str) -> subprocess.Popen:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("AI_TRAINING_")}
        command = [sys.executable, "-m", "training_module.main"]
        command += ["--dataset_directory", str(EXAMPLE / "dataset")]
        command += ["--output_directory", str(run / "output")]
        command += ["--logs_directory", str(run / "logs")]
        return subprocess.Popen(
            [*command, "--", "--tensorboard_port", "0", *options],
            cwd=EXAMPLE / "classifier",
            env={**clean, "PYTHONPATH": str(HELPERS)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @staticmethod
    def finish(trainer: subprocess.Popen) -> tuple:
        log, _ = trainer.communicate(timeout=DEADLINE_SECONDS)
        return trainer.returncode, log

    def started(self, run: Path, *options: str) -> subprocess.Popen:
        trainer = self.start(run, *options)
        self.addCleanup(trainer.communicate)
        self.addCleanup(trainer.kill)
        return trainer

    def run_to_end(self, run: Path, *options: str) -> str:
        status, log = self.finish(self.start(run, *options))
        self.assertEqual(status, 0, log)
        return log

    def wait_for(self, path: Path) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not path.exists():
            self.assertLess(time.monotonic(), deadline, f"waited in vain for {path}")
            time.sleep(0.01)

    def result(self, run: Path) -> dict:
        result = json.loads((run / "output" / "result.json").read_text())
        del result["resumed_after_epoch"], result["build"]
        return result

    def assert_same_as_uninterrupted(self, run: Path) -> None:
        import numpy

        self.assertEqual(self.result(run), self.result(self.uninterrupted))
        found, expected = (
            dict(numpy.load(str(each / "output" / "model.npz")))
            for each in (run, self.uninterrupted)
        )
        self.assertEqual(sorted(found), sorted(expected))
        for name, array in expected.items():
            numpy.testing.assert_array_equal(found[name], array)

    def test_learns_to_read_digits(self) -> None:
        result = self.result(self.uninterrupted)
        self.assertGreaterEqual(result["accuracy"], 0.95)
        self.assertEqual(sum(map(sum, result["confusion_matrix"])), result["held_back_digits"])
        output = sorted(os.listdir(self.uninterrupted / "output"))
        checkpoints = [f"checkpoint-{epoch:04d}.npz" for epoch in (18, 19, 20)]
        self.assertEqual(output, [*checkpoints, "model.npz", "result.json"])
        logs = self.uninterrupted / "logs"
        metrics = [json.loads(line) for line in (logs / "metrics.jsonl").read_text().splitlines()]
        names = ["loss/train", "accuracy/held_back", "learning_rate"]
        self.assertEqual([(m["name"], m["step"]) for m in metrics[-3:]], [(n, 20) for n in names])
        self.assertIn("done: accuracy", (logs / "training.log").read_text())

    def test_goes_on_after_a_kill_to_the_same_result(self) -> None:
        run = self.root / "killed"
        trainer = self.started(run, "--epochs", "20", "--seconds_per_epoch", "0.05")
        self.wait_for(run / "output" / "checkpoint-0005.npz")
        trainer.send_signal(signal.SIGKILL)
        self.finish(trainer)
        self.assertFalse((run / "output" / "result.json").exists())
        log = self.run_to_end(run, "--epochs", "20")
        self.assertRegex(log, r"going on after epoch ([5-9]|1\d)\b")
        self.assert_same_as_uninterrupted(run)

    def test_a_torn_checkpoint_falls_back_to_the_one_before(self) -> None:
        for name, tear in (
            ("half", lambda data: data[: len(data) // 2]),
            ("empty", lambda data: b""),
            ("flipped", lambda data: data[:5000] + b"XXXX" + data[5004:]),
        ):
            with self.subTest(name):
                run = self.root / name
                self.run_to_end(run, "--epochs", "6")
                newest = run / "output" / "checkpoint-0006.npz"
                newest.write_bytes(tear(newest.read_bytes()))
                log = self.run_to_end(run, "--epochs", "20")
                self.assertIn("checkpoint-0006.npz cannot be read, trying the one before", log)
                self.assertIn("going on after epoch 5", log)
                self.assert_same_as_uninterrupted(run)

    def test_sigterm_saves_the_epoch_and_ends_with_143(self) -> None:
        run = self.root / "stopped"
        trainer = self.started(run, "--epochs", "20", "--seconds_per_epoch", "1000")
        self.wait_for(run / "logs" / "training.log")
        trainer.send_signal(signal.SIGTERM)
        status, log = self.finish(trainer)
        self.assertEqual(status, 143, log)
        self.assertIn("asked to stop: epoch 1 is saved", log)
        self.assertEqual(os.listdir(run / "output"), ["checkpoint-0001.npz"])
        log = self.run_to_end(run, "--epochs", "20")
        self.assertIn("going on after epoch 1", log)
        self.assert_same_as_uninterrupted(run)

    def test_the_learning_rate_can_be_tuned(self) -> None:
        run = self.root / "tuned"
        (run / "logs").mkdir(parents=True)
        journal = run / "logs" / "tuning.jsonl"
        changes = {"learning_rate": {"set": 0}}
        line = {"id": "A", "state": "delivered", "request": {"changes": changes}}
        journal.write_text(json.dumps(line) + "\n")
        self.run_to_end(run, "--epochs", "2")
        _, answer = journal.read_text().splitlines()
        self.assertEqual(json.loads(answer)["state"], "applied")
        self.assertLess(self.result(run)["accuracy"], 0.3, "nothing can have been learnt")

    def test_bad_options_and_a_wrong_dataset(self) -> None:
        status, log = self.finish(self.start(self.root / "bad", "--epochs", "0"))
        self.assertEqual(status, 2)
        self.assertIn("--epochs", log)
        status, log = self.finish(self.start(self.root / "bad", "--epochs", "1", "--typo"))
        self.assertEqual(status, 2)
        self.assertIn("--typo", log)

    def test_install_script_leaves_what_the_result_shows(self) -> None:
        code = self.root / "code"
        (code / "training_module").mkdir(parents=True)
        for path in EXAMPLE.joinpath("classifier").rglob("*"):
            if path.suffix in (".py", ".sh"):
                (code / path.relative_to(EXAMPLE / "classifier")).write_bytes(path.read_bytes())
        # The interpreter of this test, as the agent's virtual environment stands first.
        (self.root / "bin").mkdir()
        (self.root / "bin" / "python3").symlink_to(sys.executable)
        environment = {**os.environ, "PATH": f"{self.root / 'bin'}:{os.environ['PATH']}"}
        environment["PYTHONPATH"] = os.pathsep.join([str(HELPERS), *filter(None, sys.path)])
        said = subprocess.run(
            ["bash", str(code / "install.sh")],
            env=environment,
            cwd="/",
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout
        self.assertIn("install.sh: Python", said)
        run = self.root / "installed"
        command = [sys.executable, "-m", "training_module.main"]
        command += [f"--dataset_directory={EXAMPLE / 'dataset'}", f"--logs_directory={run}/logs"]
        command += [f"--output_directory={run}/output", "--epochs=1", "--tensorboard_port=0"]
        subprocess.run(command, cwd=code, env=environment, check=True, stdout=subprocess.DEVNULL)
        result = json.loads((run / "output" / "result.json").read_text())
        self.assertIn("numpy", result["build"])


if __name__ == "__main__":
    unittest.main()
