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

from ai_training_utils.event_writer import EventWriter
from ai_training_utils.knob import plain
from ai_training_utils.line_file import LineFile
from ai_training_utils.path_helper import PathHelper

_logger = logging.getLogger("ai_training_utils")


class Monitoring:
    """Appends scalars to ``<logs_directory>/metrics.jsonl``, one strict JSON object per line.

    A line is ``{"time": seconds since 1970, "name": ..., "value": ..., "step": ...}``; what JSON
    has no number for is the string "NaN", "Infinity" or "-Infinity". The lines of several threads
    and processes never mix. Where tensorboard, torch.utils.tensorboard or tensorboardX can be
    imported, the scalars become events under ``<logs_directory>/tensorboard`` too. What cannot be
    written (a full disk) is warned of once and lost. May be used as a context manager.
    """

    def __init__(
        self, logs_directory: str | os.PathLike | None = None, tensorboard: bool = True
    ) -> None:
        """Prepare to write to a directory (PathHelper's logs directory where None).

        ``tensorboard`` says whether events are wanted. ValueError where no directory is known.
        """
        directory = Path(logs_directory or PathHelper().logs_directory).absolute()
        self._lines = LineFile(directory / "metrics.jsonl", _logger.warning)
        self._events = EventWriter(directory / "tensorboard") if tensorboard else None

    def log_scalar(self, name: str, value: Any, step: int) -> None:
        """Record a value, a number or an array of one element, at an integer step.

        Raises:
            TypeError: name, value or step is of no such type; names the metric.
        """
        self.log_scalars({name: value}, step)

    def log_scalars(self, values: Mapping[str, Any], step: int) -> None:
        """Record several values of one step; none of them where one is bad, as log_scalar."""
        now = time.time()
        scalars = {name: _number(name, value) for name, value in values.items()}
        lines = []
        for name, value in scalars.items():
            number = _step(name, step)
            record = {"time": now, "name": name, "value": _json_value(value), "step": number}
            lines.append(json.dumps(record, allow_nan=False) + "\n")
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

    def __enter__(self) -> Monitoring:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _json_value(value: float) -> float | str:
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
    try:
        return operator.index(step)
    except TypeError:
        description = _described(step)
    raise TypeError(f"the step of metric {name!r} must be an int, not {description}")


def _described(value: Any) -> str:
    return f"{type(value).__name__} {repr(value)[:60]}"
