"""Record how the training goes: scalars as JSON lines and, where installed, for TensorBoard."""

from __future__ import annotations

import json
import logging
import math
import operator
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Mapping

from ai_training_utils._tuning import desk
from ai_training_utils.event_writer import EventWriter
from ai_training_utils.knob import plain
from ai_training_utils.line_file import LineFile
from ai_training_utils.path_helper import PathHelper

_logger = logging.getLogger("ai_training_utils")


class Monitoring:
    """Appends scalars to ``<logs_directory>/metrics.jsonl``, one strict JSON object per line.

    A line is an object with "time" (seconds since 1970), "name", "value" and "step", under the
    agent "attempt" too; what JSON has no number for is the string "NaN", "Infinity" or
    "-Infinity". The lines of several threads and processes never mix. Where tensorboard,
    torch.utils.tensorboard or tensorboardX can be imported, the scalars become events under
    ``<logs_directory>/tensorboard`` too. A value that is no number costs its own line and one
    warning for its name; what cannot be written (a full disk) is warned of once and lost.
    May be used as a context manager.
    """

    def __init__(
        self, logs_directory: str | os.PathLike | None = None, tensorboard: bool = True
    ) -> None:
        """Prepare to write to a directory (PathHelper's logs directory where None).

        ``tensorboard`` says whether events are wanted. ValueError where no directory is known.
        """
        directory = Path(logs_directory or PathHelper().logs_directory).absolute()
        self._lines = LineFile(directory / "metrics.jsonl", _logger.warning)
        self._warned: set[str] = set()
        attempt = os.environ.get("AI_TRAINING_ATTEMPT", "").strip()
        self._attempt = {"attempt": int(attempt)} if attempt.isdecimal() else {}
        self._events = EventWriter(directory / "tensorboard") if tensorboard else None

    def log_scalar(self, name: str, value: Any, step: int) -> None:
        """Record a value, a number or an array of one element, at a step, a whole number."""
        self.log_scalars({name: value}, step)

    def log_scalars(self, values: Mapping[str, Any], step: int) -> None:
        """Record several values of one step; one that is no number is left out and warned of."""
        now = time.time()
        scalars: dict[str, float] = {}
        number = 0
        lines = []
        for name, value in values.items():
            try:
                scalar, number = _number(name, value), _step(name, step)
            except TypeError as error:
                self._warn(name, error)
                continue
            scalars[name] = scalar
            desk().guards.saw(name, scalar)
            record = {"time": now, "name": name, "value": json_value(scalar), "step": number}
            lines.append(json.dumps({**record, **self._attempt}, allow_nan=False) + "\n")
        if lines:
            self._lines.append("".join(lines))
            if self._events is not None:
                self._events.write(scalars, number)

    def flush(self) -> None:
        """Write out TensorBoard's buffered events; the JSON lines are written already."""
        if self._events is not None:
            self._events.flush()

    def close(self) -> None:
        """Close the files. A scalar logged later opens them again."""
        self._lines.close()
        if self._events is not None:
            self._events.close()

    def _warn(self, name: object, error: TypeError) -> None:
        # Once for a name: a loop would repeat it every step.
        if repr(name) not in self._warned:
            self._warned.add(repr(name))
            _logger.warning("not recorded: %s", error)

    def __enter__(self) -> Monitoring:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def json_value(value: float) -> float | str:
    """Return a number as strict JSON can hold it: what is not finite by its name."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def _number(name: str, value: Any) -> float:
    if not isinstance(name, str) or not name:
        raise TypeError(f"the name of a metric must be a non-empty str, not {name!r}")
    number = plain(value)
    if not isinstance(number, (str, bytes, bytearray)):
        with suppress(TypeError, ValueError, OverflowError, RuntimeError):
            return float(number)
    raise TypeError(f"metric {name!r} must be one number, not {_described(value)}")


def _step(name: str, step: Any) -> int:
    number = plain(step)
    with suppress(TypeError, ValueError, OverflowError):
        # A step that was computed is often a float, such as 3.0.
        if isinstance(number, float) and number == int(number):
            return int(number)
        return operator.index(number)
    raise TypeError(f"the step of metric {name!r} must be a whole number, not {_described(step)}")


def _described(value: Any) -> str:
    return f"{type(value).__name__} {repr(value)[:60]}"
