"""Which step a checkpoint of ``torch.save`` belongs to, for trainings whose optimizer keeps none.

The note is found again by the file's content, its size and its last bytes: they hold the checksums
of all that is in it (the directory of a ZIP archive), so a copy, a rename and a restored file are
known, and nothing is written beside the user's files.
"""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import os
import sys
import time
from types import ModuleType
from typing import Any

from ai_training_utils import _ranks
from ai_training_utils._observer_file import observer_file
from ai_training_utils.line_file import LineFile

_logger = logging.getLogger("ai_training_utils")
NAME = "checkpoints.jsonl"
_TAIL = 1 << 16
_loaded: list[int] = []
_files: list[LineFile] = []


def loaded_step() -> int | None:
    """Return the step of the checkpoint that was loaded last, where one is known."""
    return _loaded[-1] if _loaded else None


def install(module: ModuleType) -> None:
    """Wrap ``save`` and ``load`` of ``torch.serialization``."""
    save, load = module.save, module.load

    @functools.wraps(save)
    def noted_save(*args: Any, **kwargs: Any) -> Any:
        begun = time.monotonic()
        result = save(*args, **kwargs)
        _quietly(_measure, time.monotonic() - begun)
        _quietly(_note, args[1] if len(args) > 1 else kwargs.get("f"))
        return result

    @functools.wraps(load)
    def noted_load(*args: Any, **kwargs: Any) -> Any:
        _quietly(_look_up, args[0] if args else kwargs.get("f"))
        return load(*args, **kwargs)

    module.save, module.load = noted_save, noted_load


def _quietly(action: Any, file: Any) -> None:
    try:
        action(file)
    except Exception as error:
        _logger.debug("no note of a checkpoint: %s", error)


def _step() -> int:
    watch = sys.modules.get("ai_training_utils._optimizer_watch")
    return watch.step() if watch else 0


def _measure(seconds: float) -> None:
    # For the receipt: what of the training's time went into checkpoints.
    if _step():
        observer_file.add("checkpoint_seconds", seconds, _step())


def _note(file: Any) -> None:
    step = _step()
    logs = os.environ.get("AI_TRAINING_LOGS_DIRECTORY")
    if step == 0 or not logs:
        return
    if hasattr(file, "flush"):
        file.flush()
    digest = _digest(file)
    if digest is None:
        return
    if not _files:
        _files.append(LineFile(os.path.join(logs, NAME), _logger.warning))
    line = {"time": time.time(), "step": step, "digest": digest, "attempt": _ranks.attempt()}
    _files[0].append(json.dumps(line) + "\n")


def _look_up(file: Any) -> None:
    logs = os.environ.get("AI_TRAINING_LOGS_DIRECTORY")
    digest = _digest(file) if logs else None
    if digest is None:
        return
    with open(os.path.join(logs, NAME), encoding="utf-8", errors="replace") as notes:
        # The last line of equal ones counts: weights that did not change were saved twice.
        for text in notes:
            line = _parsed(text) if digest in text else None
            is_meant = isinstance(line, dict) and line.get("digest") == digest
            if is_meant and type(line.get("step")) is int:
                _loaded.append(line["step"])


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        # A line that a crash or a full disk cut off, or somebody else's: the others count.
        return None


def _digest(file: Any) -> str | None:
    path = file if isinstance(file, (str, os.PathLike)) else getattr(file, "name", None)
    if not isinstance(path, (str, os.PathLike)):
        return None
    with open(path, "rb") as opened:
        size = opened.seek(0, os.SEEK_END)
        opened.seek(max(0, size - _TAIL))
        return hashlib.sha256(str(size).encode() + opened.read()).hexdigest()[:32]
