"""A trainer of PyTorch under the observer, for the tests that need one."""

from __future__ import annotations

import importlib.util
import json
import textwrap
import unittest

from process_support import RunTestCase, json_lines

_HAS_TORCH = importlib.util.find_spec("torch") is not None

# Each trainer begins with it: reproducible, and one way to say what a run came to.
_BEGIN = """
    import hashlib, json, os, sys, time
    import torch
    torch.manual_seed(0)
    torch.set_num_threads(1)
    def model():
        return torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    def batch(step):
        return torch.randn(8, 4, generator=torch.Generator().manual_seed(step))
    def loss_of(net, step):
        x = batch(step)
        return ((net(x) - x.sum(1, keepdim=True)) ** 2).mean()
    def digest(*parts):
        text = repr([[tensor.tolist() for tensor in part] for part in parts])
        return hashlib.sha256(text.encode()).hexdigest()
"""


@unittest.skipUnless(_HAS_TORCH, "torch not installed")
class TorchTestCase(RunTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.work = self.root / "observer"
        self.work.mkdir()
        self.logs.mkdir()
        self.journal = self.logs / "tuning.jsonl"

    def request(self, identifier: str, **request: object) -> None:
        line = {"id": identifier, "state": "delivered", "request": request}
        with open(self.journal, "a") as file:
            file.write(json.dumps(line) + "\n")

    def train(self, code: str, *arguments: str, **environment: str) -> str:
        """Run a trainer under the observer; what it printed."""
        stdout, _ = self.assert_runs(
            self.joined(code),
            *arguments,
            **{
                "AI_TRAINING_OBSERVE": "1",
                "AI_TRAINING_OBSERVER_DIRECTORY": str(self.work),
                "AI_TRAINING_LOGS_DIRECTORY": str(self.logs),
                **environment,
            },
        )
        return stdout

    def joined(self, code: str) -> str:
        return "\n".join(
            ["import ai_training_utils._observe", textwrap.dedent(_BEGIN), textwrap.dedent(code)]
        )

    def states(self) -> list:
        lines = json_lines(self.journal)
        return [(line["id"], line["state"]) for line in lines if line["state"] != "delivered"]
