"""TensorBoard events through whichever library for them is installed."""

from __future__ import annotations

import atexit
import importlib
import logging
import math
import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Mapping

_logger = logging.getLogger("ai_training_utils")

# The first needs no framework. PyTorch's is for a TensorBoard too old to have the first.
_LIBRARIES = (
    ("tensorboard.summary", "Writer"),
    ("torch.utils.tensorboard", "SummaryWriter"),
    ("tensorboardX", "SummaryWriter"),
)
_FLUSH_SECONDS = 30.0
_RETRY_SECONDS = 60.0


class EventWriter:
    """Writes scalars as events, or nothing where no library is there; raises nothing of theirs."""

    def __init__(self, directory: Path) -> None:
        """Remember the directory; the library is imported by the first scalar."""
        self._directory = directory
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._writer: Any = None
        self._has_warned = False
        # Of time.monotonic(); infinite where no library is there.
        self._retry_time = 0.0
        self._flush_time = 0.0

    def __getstate__(self) -> dict[str, Any]:
        return {"directory": self._directory, "owner": self._owner}

    def __setstate__(self, state: dict[str, Any]) -> None:
        # In a worker process the copy is silent, as after a fork: one event file for one training.
        self.__init__(state["directory"])
        self._owner = state["owner"]

    def write(self, scalars: Mapping[str, float], step: int) -> None:
        """Write scalars of one step."""
        self._run(self._write, scalars, step)

    def flush(self) -> None:
        """Write out what is buffered."""
        self._run(lambda: self._writer and self._writer.flush())

    def close(self) -> None:
        """Write out what is buffered and close; a later scalar begins another file."""
        self._run(self._close)

    def _run(self, action: Any, *arguments: Any) -> None:
        # Neither the library's thread nor, maybe, the lock's holder has survived a fork.
        if os.getpid() != self._owner:
            return
        with self._lock:
            try:
                action(*arguments)
            except Exception as error:
                if not self._has_warned:
                    self._has_warned = True
                    _logger.warning("cannot write TensorBoard events: %s", error)
                # Another file in a minute: readers stop at the record that a full disk cut off.
                self._retry_time = time.monotonic() + _RETRY_SECONDS
                with suppress(Exception):
                    self._close()

    def _write(self, scalars: Mapping[str, float], step: int) -> None:
        if self._writer is None:
            if time.monotonic() < self._retry_time:
                return
            writer_class = _writer_class()
            if writer_class is None:
                self._retry_time = math.inf
                return
            self._directory.mkdir(parents=True, exist_ok=True)
            self._writer = writer_class(str(self._directory))
            # At the end of the process the library would lose what it has buffered.
            atexit.register(self.close)
            self._flush_time = time.monotonic()
        for name, value in scalars.items():
            self._writer.add_scalar(name, value, step)
        # The libraries flush every two minutes; logs go to the bucket every minute.
        if time.monotonic() - self._flush_time > _FLUSH_SECONDS:
            self._flush_time = time.monotonic()
            self._writer.flush()

    def _close(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            atexit.unregister(self.close)
            writer.close()


def _writer_class() -> Any:
    for module, name in _LIBRARIES:
        # A library that is there but broken raises all kinds of errors on import.
        with suppress(Exception):
            return getattr(importlib.import_module(module), name)
    return None
