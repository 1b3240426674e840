"""``knobs.json``: what can be tuned now, for whoever asks from outside."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from typing import Any

from ai_training_utils import _ranks

NAME = "knobs.json"
_INTERVAL_SECONDS = 5.0


class KnobsFile:
    """Rewrites the file when something has changed, at most every few seconds otherwise."""

    def __init__(self, directory: str) -> None:
        self._path = os.path.join(directory, NAME)
        self._written = (0.0, 0)
        self.is_old = True

    def write_if_old(self, desk: Any, now: float) -> None:
        """Write what a desk knows; a full disk costs the file alone."""
        then, step = self._written
        if not self.is_old and (now - then < _INTERVAL_SECONDS or step == desk.step):
            return
        rate = None if not then or now <= then else (desk.step - step) / (now - then)
        self._written, self.is_old = (now, desk.step), False
        knobs = desk.targets.optimizers.description()
        for holder in desk.holders():
            for name in holder:
                knobs[name] = holder.knob(name).description(holder[name])
        document = {
            "time": time.time(),
            "attempt": _ranks.attempt(),
            "clock": desk.clock,
            "step": desk.step,
            "steps_per_second": rate,
            "can_checkpoint": desk.can_checkpoint,
            "blind": desk.blind,
            "knobs": knobs,
        }
        # A name that says to the sync whose file it is, as `atomic_path` gives.
        directory, name = os.path.split(self._path)
        temporary = os.path.join(directory, f".tmp-{os.getpid()}-0-{name}")
        with suppress(OSError, ValueError):
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            with open(temporary, "w", encoding="utf-8") as file:
                json.dump(document, file, allow_nan=False)
            os.replace(temporary, self._path)
