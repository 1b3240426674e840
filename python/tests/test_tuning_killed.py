"""A trainer that is killed at random moments while it is tuned: never half, never twice."""

from __future__ import annotations

import json
import os
import random
import signal
import time
import unittest
from contextlib import suppress
from pathlib import Path

from process_support import RunTestCase, wait_until

_ROUNDS = int(os.environ.get("TRAIN_TUNING_ROUNDS", "8"))

_TRAINER = """
    import os, sys, time
    from ai_training_utils import _tuning
    from ai_training_utils.atomic_file import atomic_path
    from ai_training_utils.hyperparameters import Hyperparameters
    _tuning._LOOK_SECONDS = 0.002
    output = sys.argv[1]
    os.makedirs(output, exist_ok=True)
    state = os.path.join(output, "step")
    step = int(open(state).read()) if os.path.exists(state) else 0
    hp = Hyperparameters(a=0, b=0.0)
    seen = open(os.path.join(output, "seen"), "a", buffering=1)
    while True:
        if step % 50 == 0:
            with atomic_path(state) as temporary:
                temporary.write_text(str(step))
        hp.update(step)
        seen.write(f"{step} {hp.a} {int(hp.b)}\\n")
        step += 1
        time.sleep(0.0005)
"""


class KilledTests(RunTestCase):
    def test_no_change_is_made_in_part_or_twice(self) -> None:
        seed = int(os.environ.get("TRAIN_TUNING_SEED", random.randrange(1 << 32)))
        chance = random.Random(seed)
        self.logs.mkdir()
        journal = self.logs / "tuning.jsonl"
        number = 0
        for attempt in range(1, _ROUNDS + 1):
            trainer = self.start(
                _TRAINER,
                str(self.output),
                AI_TRAINING_LOGS_DIRECTORY=str(self.logs),
                AI_TRAINING_ATTEMPT=str(attempt),
            )
            before = len(self.seen())
            wait_until(lambda least=before + 20: len(self.seen()) > least, "steps")
            end = time.monotonic() + chance.uniform(0.05, 0.5)
            while time.monotonic() < end:
                number += 1
                self.send(journal, number, chance)
                time.sleep(chance.uniform(0, 0.02))
            trainer.send_signal(signal.SIGKILL)
            trainer.wait()
        applied = [line for line in self.whole_lines(journal) if line["state"] == "applied"]
        identifiers = [line["id"] for line in applied]
        self.assertEqual(len(identifiers), len(set(identifiers)), f"twice; seed {seed}")
        self.assertGreater(len(identifiers), _ROUNDS, f"seed {seed}")
        halves = [line for line in self.seen() if line[1] != line[2]]
        self.assertEqual(halves, [], f"half; seed {seed}")
        # What the last attempt used is what the journal says of its steps: what former ones changed
        # is made again at its own step, and what is changed later at the same step comes after it.
        changes = sorted(applied, key=lambda line: line["step"])
        for step, value, _ in self.seen()[before:]:
            past = [line for line in changes if line["step"] <= step]
            expected = past[-1]["changes"]["a"]["new"] if past else 0
            self.assertEqual(value, expected, f"step {step}; seed {seed}")

    def whole_lines(self, journal: Path) -> list:
        lines = []
        for text in journal.read_text().splitlines():
            with suppress(ValueError):
                lines.append(json.loads(text))
        return [line for line in lines if isinstance(line, dict) and "state" in line]

    def send(self, journal: Path, number: int, chance: random.Random) -> None:
        """Append a request as an agent does that may be killed in the middle of it."""
        changes = {"a": {"set": number}, "b": {"set": float(number)}}
        line = json.dumps(
            {"id": str(number), "state": "delivered", "request": {"changes": changes}}
        ).encode()
        with open(journal, "ab+", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
                if file.read(1) != b"\n":
                    file.write(b"\n")
            if chance.random() < 0.2:
                file.write(line[: chance.randrange(1, len(line))])
            file.write(b"" if chance.random() < 0.1 else b"\n" + line + b"\n")

    def seen(self) -> list:
        path = self.output / "seen"
        lines = path.read_text().splitlines() if path.exists() else []
        parts = [line.split() for line in lines]
        return [tuple(map(int, part)) for part in parts if len(part) == 3]


if __name__ == "__main__":
    unittest.main()
