"""A trainer's side of tuning in this process, with a journal of its own."""

from __future__ import annotations

import json
import os
from unittest import mock

from process_support import RunTestCase, json_lines

from ai_training_utils import _tuning
from ai_training_utils.hyperparameters import Choice, Float, Hyperparameters, Int


class TuningTestCase(RunTestCase):
    def setUp(self) -> None:
        super().setUp()
        patch = mock.patch.dict(os.environ, {"AI_TRAINING_LOGS_DIRECTORY": str(self.logs)})
        patch.start()
        self.addCleanup(patch.stop)
        for name in ("RANK", "WORLD_SIZE", "AI_TRAINING_OBSERVER_DIRECTORY"):
            os.environ.pop(name, None)
        # A look at the journal with each step, where the training waits between two.
        look = mock.patch.object(_tuning, "_LOOK_SECONDS", 0.0)
        look.start()
        self.addCleanup(look.stop)
        self.logs.mkdir()
        self.journal = self.logs / "tuning.jsonl"
        self.restart()

    def restart(self) -> None:
        """Begin as a new process does."""
        patch = mock.patch.object(_tuning, "_desk", _tuning.Desk())
        patch.start()
        self.addCleanup(patch.stop)

    def declared(self) -> Hyperparameters:
        return Hyperparameters(
            learning_rate=1e-3,
            batch_size=64,
            use_aug=True,
            dropout=Float(0.1, min=0.0, max=0.9),
            layers=Int(3, min=1),
            mode=Choice("a", "b"),
        )

    def request(self, identifier: str, changes: object = None, **more: object) -> None:
        request = {**({} if changes is None else {"changes": changes}), **more}
        self.write(json.dumps({"id": identifier, "state": "delivered", "request": request}) + "\n")

    def write(self, text: str) -> None:
        with open(self.journal, "a") as file:
            file.write(text)

    def answers(self, *states: str) -> list:
        lines = json_lines(self.journal) if self.journal.exists() else []
        return [
            line
            for line in lines
            if line["state"] != "delivered" and (not states or line["state"] in states)
        ]
