"""The guard's rule against seeded changes, bad and good, of two trainings that have noise."""

from __future__ import annotations

import gzip
import importlib.util
import json
import math
import os
import random
import statistics
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from process_support import PACKAGE_ROOT, json_lines

from ai_training_utils import _tuning
from ai_training_utils.hyperparameters import Hyperparameters
from ai_training_utils.monitoring import Monitoring

_COUNT = int(os.environ.get("TRAIN_GUARD_CHANGES", "5"))
# The rule was made with seeds below 2,000.
_FIRST_SEED = int(os.environ.get("TRAIN_GUARD_SEED", "10000"))
_STEPS = 150
_LIMIT = 2.0
_MISSING = [name for name in ("numpy", "torch") if importlib.util.find_spec(name) is None]


class Digits:
    """One hidden layer on handwritten digits, by numpy, with momentum."""

    rate, before = 0.15, 130

    def __init__(self, seed: int) -> None:
        import numpy

        self.numpy = numpy
        self.random = numpy.random.default_rng(seed)
        path = PACKAGE_ROOT.parent / "Examples/digits/dataset/digits.csv.gz"
        if not hasattr(Digits, "data"):
            with gzip.open(path) as file:
                Digits.data = numpy.loadtxt(file, delimiter=",")
        normal = self.random.normal
        scale = numpy.sqrt(2 / 64)
        self.weights = [normal(0, scale, (64, 64)), numpy.zeros(64)]
        self.weights += [normal(0, scale, (64, 10)), numpy.zeros(10)]
        self.momenta = [numpy.zeros_like(weight) for weight in self.weights]

    def step(self, rate: float, dropout: float) -> float:
        numpy = self.numpy
        rows = self.random.integers(0, len(self.data), 32)
        images, labels = self.data[rows, :64] / 16, self.data[rows, 64].astype(int)
        if dropout:
            images = images * (self.random.random(images.shape) >= dropout) / (1 - dropout)
        with numpy.errstate(all="ignore"):
            hidden = numpy.maximum(images @ self.weights[0] + self.weights[1], 0)
            scores = hidden @ self.weights[2] + self.weights[3]
            powers = numpy.exp(scores - scores.max(axis=1, keepdims=True))
            error = powers / powers.sum(axis=1, keepdims=True)
            loss = float(-numpy.log(error[range(32), labels] + 1e-8).mean())
            error[range(32), labels] -= 1
            error /= 32
            back = (error @ self.weights[2].T) * (hidden > 0)
            slopes = [images.T @ back, back.sum(0), hidden.T @ error, error.sum(0)]
            for index, slope in enumerate(slopes):
                self.momenta[index] = 0.9 * self.momenta[index] + slope
                self.weights[index] = self.weights[index] - rate * self.momenta[index]
        return loss


class Transformer:
    """One layer of attention that learns to say a sequence backwards, by PyTorch."""

    rate, before = 0.25, 250

    def __init__(self, seed: int) -> None:
        import torch

        torch.set_num_threads(1)
        torch.manual_seed(seed)
        self.torch = torch
        self.generator = torch.Generator().manual_seed(seed)
        self.dropout = torch.nn.Dropout(0.0)
        self.embedding = torch.nn.Embedding(8, 32)
        self.place = torch.nn.Parameter(torch.randn(8, 32) * 0.1)
        self.layer = torch.nn.TransformerEncoderLayer(32, 2, 64, dropout=0.0, batch_first=True)
        self.head = torch.nn.Linear(32, 8)
        modules = (self.embedding, self.layer, self.head)
        self.parameters = [p for module in modules for p in module.parameters()] + [self.place]
        self.momenta = [torch.zeros_like(p) for p in self.parameters]

    def step(self, rate: float, dropout: float) -> float:
        torch = self.torch
        self.dropout.p = dropout
        words = torch.randint(0, 8, (16, 8), generator=self.generator)
        hidden = self.layer(self.dropout(self.embedding(words) + self.place))
        scores = self.head(hidden)
        # A tenth of the words are wrong, which nothing can learn: the loss keeps its noise.
        wrong = torch.rand(words.shape, generator=self.generator) < 0.1
        other = torch.randint(0, 8, words.shape, generator=self.generator)
        labels = torch.where(wrong, other, words.flip(1)).reshape(-1)
        loss = torch.nn.functional.cross_entropy(scores.reshape(-1, 8), labels)
        slopes = torch.autograd.grad(loss, self.parameters)
        with torch.no_grad():
            for parameter, momentum, slope in zip(self.parameters, self.momenta, slopes):
                momentum.mul_(0.9).add_(slope)
                parameter.sub_(rate * momentum)
        return loss.item()


def _bad(chance: random.Random, number: int) -> dict:
    if number % 5 == 3:
        return {"dropout": {"set": 0.99}}
    if number % 5 == 4:
        return {"learning_rate": {"scale": -1.0}}
    factor = math.exp(chance.uniform(math.log(3), math.log(1000)))
    return {"learning_rate": {"scale": factor}}


def _good(chance: random.Random, number: int) -> dict:
    return {"learning_rate": {"scale": chance.uniform(0.5, 1.5)}}


def train(kind: type, seed: int, changes: dict, is_guarded: bool) -> tuple:
    """Train, change, go on; the losses, and the last state of the change."""
    with tempfile.TemporaryDirectory() as logs, mock.patch.dict(
        os.environ, {"AI_TRAINING_LOGS_DIRECTORY": logs}
    ), mock.patch.object(_tuning, "_desk", _tuning.Desk()), mock.patch.object(
        _tuning, "_LOOK_SECONDS", 0.0
    ):
        training, losses = kind(seed), []
        hp = Hyperparameters(learning_rate=kind.rate, dropout=0.0)
        monitoring = Monitoring(logs, tensorboard=False)
        journal = Path(logs) / "tuning.jsonl"
        rule = {"name": "loss", "is_below": True, "limit": _LIMIT, "is_factor": True}
        for step in range(kind.before + _STEPS + 1):
            if step == kind.before:
                request = {"changes": changes}
                if is_guarded:
                    request["guard"] = {**rule, "steps": _STEPS}
                line = {"id": "A", "state": "delivered", "request": request}
                journal.write_text(json.dumps(line) + "\n")
            hp.update(step)
            losses.append(training.step(hp.learning_rate, hp.dropout))
            monitoring.log_scalar("loss", losses[-1], step)
        monitoring.close()
        state = json_lines(journal)[-1]["state"]
        is_back = hp.learning_rate == kind.rate and hp.dropout == 0.0
        return losses, state if is_back == (state == "reverted") else f"{state}, not the values"


def harms(kind: type, seed: int, changes: dict) -> bool:
    """Whether a change makes the training worse for good where nobody takes it back."""
    losses, _ = train(kind, seed, changes, is_guarded=False)
    last = losses[-50:]
    before = statistics.median(losses[kind.before - 100 : kind.before])
    return not all(map(math.isfinite, last)) or statistics.median(last) > _LIMIT * before


@unittest.skipIf(_MISSING, f"{' and '.join(_MISSING)} not installed")
class GuardTests(unittest.TestCase):
    def test_bad_changes_are_taken_back_and_good_ones_kept(self) -> None:
        for kind in (Digits, Transformer):
            for make, wanted in ((_bad, "reverted"), (_good, "kept")):
                wrong, number, made = [], 0, 0
                while made < _COUNT:
                    seed, number = _FIRST_SEED + number, number + 1
                    changes = make(random.Random(seed), number)
                    # A rate times 3 does a transformer no harm at some seeds: then it is not bad.
                    if wanted == "reverted" and not harms(kind, seed, changes):
                        continue
                    made += 1
                    _, state = train(kind, seed, changes, is_guarded=True)
                    if state != wanted:
                        wrong.append((seed, changes, state))
                what = "misses" if wanted == "reverted" else "false alarms"
                harmless = f", {number - made} more did no harm" if number > made else ""
                name = kind.__name__
                print(f"{name}: {len(wrong)} {what} of {made}{harmless}", flush=True)
                with self.subTest(f"{name} {what}"):
                    self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
