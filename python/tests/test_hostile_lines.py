"""Lines that anybody may have written into the files which the library reads: no training ends."""

from __future__ import annotations

import json
import os
import random
import time
from unittest import mock

from test_hyperparameters import TuningTestCase

from ai_training_utils import _checkpoint_notes, _tuning

INPUTS = int(os.environ.get("TRAIN_FUZZ_INPUTS", "500"))
SEED = int(os.environ.get("TRAIN_FUZZ_SEED", "1"))
# As in the Swift tests: what a person calls a hang.
LONGEST_SECONDS = 2.0

REQUESTS = [
    {"changes": {"dropout": {"set": 0.3}}},
    {"changes": {"learning_rate": {"scale": 0.5}, "mode": {"set": "b"}}, "at_step": 5},
    {"changes": {"dropout": {"ramp": {"set": 0.5, "steps": 10}}}, "expect": {"dropout": 0.1}},
    {
        "changes": {"layers": {"set": 4}},
        "guard": {"name": "loss", "is_below": True, "limit": 2, "is_factor": True, "steps": 9},
    },
    {"checkpoint": True},
    {"withdraw": "A"},
    {"changes": {"lr": {"set": 0.1}}, "expires": 4e9, "checkpoint_first": True},
]
LINES = [{"id": f"R{n}", "state": "delivered", "request": r} for n, r in enumerate(REQUESTS)] + [
    {
        "id": "F",
        "state": "applied",
        "step": 2,
        "clock": "hyperparameters",
        "changes": {"gone": {"old": 0.1, "new": 0.9, "ramp": {"from": 0.1, "steps": 10}}},
    },
    {"id": "A", "state": "scheduled", "step": 7},
    {
        "id": "B",
        "state": "applied",
        "step": 3,
        "clock": "hyperparameters",
        "changes": {"dropout": {"old": 0.1, "new": 0.4, "ramp": {"from": 0.1, "steps": 4}}},
        "guard": {"rule": REQUESTS[3]["guard"], "center": 1.0, "spread": 0.1},
    },
    {"id": "C", "state": "reverted", "step": 4, "changes": {"mode": {"old": "b", "new": "a"}}},
    {"id": "D", "state": "saved"},
    {"id": "E", "state": "expired"},
]
VALUES = [
    None, True, 0, -1, 1.5, 10**40, -(10**40), 1e308, float("nan"), float("-inf"), "", "a", "1e999",
    "\x1b[2J\u202e", "\ud800", [], [[]], {}, {"set": 1}, {"ramp": {}}, {"steps": 0, "from": "x"},
    {"scale": "x"}, "x" * 5000, "applied", "delivered", "dropout", "lr", "optimizer[9].lr",
]  # fmt: skip
RAW = [b"", b"\n", b"\xff\xfe", b"\0" * 9, b"[" * 50000, b'{"id":' * 9000, b"9" * 6000, b"nul"]


class Mutator:
    """Good lines with something else in their places, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def changed(self, value: object) -> object:
        """Another value in one place, at any depth."""
        if isinstance(value, dict) and value and self.random.random() < 0.8:
            key = self.random.choice(list(value))
            copy = dict(value)
            kind = self.random.randrange(8)
            if kind == 0:
                del copy[key]
            elif kind == 1:
                copy[str(self.random.choice(VALUES))] = copy.pop(key)
            else:
                copy[key] = self.changed(value[key])
            return copy
        return self.random.choice(VALUES)

    def line(self) -> bytes:
        """One line, mostly JSON."""
        kind = self.random.randrange(12)
        if kind == 0:
            return self.random.choice(RAW)
        line: object = self.random.choice(LINES)
        for _ in range(self.random.randrange(4)):
            line = self.changed(line)
        data = json.dumps(line).encode()
        if kind == 1:
            place = self.random.randrange(len(data) + 1)
            data = data[:place] + self.random.choice(RAW) + data[place + 1 :]
        return data


class HostileJournalTests(TuningTestCase):
    def test_no_line_ends_the_training_or_the_tuning(self) -> None:
        mutator = Mutator(SEED)
        for number in range(INPUTS // 10):
            self.journal.write_bytes(b"")
            self.restart()
            # Before the start, which replays, and while it trains.
            former = [mutator.line() for _ in range(3)]
            later = [mutator.line() for _ in range(4)]
            began = time.monotonic()
            with self.subTest(number=number, former=former, later=later):
                self.journal.write_bytes(b"\n".join(former) + b"\n")
                hp = self.declared()
                hp.update(1)
                self.journal.write_bytes(self.journal.read_bytes() + b"\n".join(later) + b"\n")
                for step in range(2, 12):
                    hp.update(step)
                    _tuning.desk().guards.saw("loss", 1.0)
                self.assertFalse(_tuning.desk().is_silent)
                self.assertLess(time.monotonic() - began, LONGEST_SECONDS)
            if number % 10 == 0:
                self.write_good_request(hp)

    def write_good_request(self, hp: object) -> None:
        """After all of it a request is taken as before."""
        self.request("GOOD", {"use_aug": {"set": False}})
        hp.update(20)
        self.assertIs(hp.use_aug, False)

    def test_no_note_of_a_checkpoint_ends_the_load(self) -> None:
        mutator = Mutator(SEED)
        weights = self.logs / "weights.pt"
        weights.write_bytes(b"weights")
        digest = _checkpoint_notes._digest(weights)
        notes = self.logs / _checkpoint_notes.NAME
        good = json.dumps({"digest": digest, "step": 7}).encode()
        for number in range(INPUTS // 10):
            line = mutator.changed({"digest": digest, "step": 7, "note": {"digest": digest}})
            lines = [mutator.line(), json.dumps(line).encode(), str(digest).encode(), good]
            notes.write_bytes(b"\n".join(lines) + b"\n")
            loaded: list = []
            with self.subTest(number=number, lines=lines):
                with mock.patch.object(_checkpoint_notes, "_loaded", loaded):
                    _checkpoint_notes._look_up(weights)
                self.assertEqual(loaded[-1:], [7])
