"""What the observer sees, as lines like those of ``metrics.jsonl``, at most once a second."""

from __future__ import annotations

import atexit
import json
import logging
import os
import threading
import time
from typing import Any

from ai_training_utils import _ranks
from ai_training_utils._tuning import desk
from ai_training_utils.line_file import LineFile
from ai_training_utils.monitoring import json_value

_logger = logging.getLogger("ai_training_utils")
# Each second in the first minutes, when people look; a day of them would be a file of 20 MB.
_OWN = ("step_seconds", "lr", "lr_scale", "checkpoint_seconds")
_SHORT, _LONG, _CHANGE_SECONDS = 1.0, 5.0, 600.0


class ObserverFile:
    """Keeps the newest values, and writes them with the step they belong to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: LineFile | None = None
        self._owner = os.getpid()
        self._values: dict[str, tuple[Any, int]] = {}
        self._began = self._written = time.monotonic()
        self._step = 0
        # Told at each step, for the line at the end of the process.
        self.latest_step = 0
        # Of time.monotonic(): before it nothing is written, so a step need not look further.
        self.next_write = 0.0

    def note(self, name: str, value: Any, step: int) -> None:
        """Keep a value for the next line; it is looked at then, since a look may wait for a GPU."""
        self._values[name] = (value, step)

    def add(self, name: str, amount: float, step: int) -> None:
        """Add to what is kept for the next line."""
        kept = self._values.get(name, (0.0, step))[0]
        self._values[name] = (kept + amount, step)

    def write(self, step: int, now: float) -> None:
        """Write the values kept since the last time, and the time that a step took since."""
        with self._lock:
            if os.getpid() != self._owner:
                return
            steps = step - self._step
            if self._lines is None:
                self._open()
            elif steps > 0:
                self.note("step_seconds", (now - self._written) / steps, step)
            self._written, self._step = now, step
            is_new = now - self._began < _CHANGE_SECONDS
            self.next_write = now + (_SHORT if is_new else _LONG)
            values, self._values = self._values, {}
            if self._lines is not None:
                self._lines.append("".join(map(self._line, values.items())))

    def _open(self) -> None:
        directory = os.environ.get("AI_TRAINING_LOGS_DIRECTORY")
        if not directory or not _ranks.claim():
            self.next_write = float("inf")
            return
        rank = _ranks.rank()
        name = "observer.jsonl" if rank == 0 else f"observer-rank{rank}.jsonl"
        self._lines = LineFile(os.path.join(directory, name), _logger.warning)
        atexit.register(self._end)

    def _end(self) -> None:
        # What came after the last line; a killed process loses a second of it.
        newest = max([self.latest_step, *(step for _, step in self._values.values())])
        if newest > self._step or self._values:
            self.write(newest, time.monotonic())

    @staticmethod
    def _line(item: tuple[str, tuple[Any, int]]) -> str:
        name, (value, step) = item
        try:
            scalar = float(value)
        except (TypeError, ValueError, RuntimeError):
            # What is no number has no line.
            return ""
        if name not in _OWN:
            desk().guards.saw(name, scalar)
        line = {"time": time.time(), "name": f"observer/{name}", "value": json_value(scalar)}
        return json.dumps({**line, "step": step, "attempt": _ranks.attempt()}) + "\n"


observer_file = ObserverFile()
