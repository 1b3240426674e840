"""Checkpoints: one file per epoch, whole or not there, and the newest that can be read."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

import numpy
from ai_training_utils.atomic_file import atomic_path
from ai_training_utils.logging_helper import LoggingHelper

_NAME = re.compile(r"checkpoint-(\d{4,})\.npz")
_KEPT = 3


def save_checkpoint(directory: Path, epoch: int, state: dict[str, numpy.ndarray]) -> Path:
    """Save the state after an epoch, and remove all but the last three checkpoints."""
    path = directory / f"checkpoint-{epoch:04d}.npz"
    with atomic_path(path) as temporary:
        numpy.savez(temporary, **state)
    for _, old in _checkpoints(directory)[_KEPT:]:
        old.unlink()
    return path


def load_checkpoint(
    directory: Path, expected: dict[str, numpy.ndarray]
) -> tuple[int, dict[str, numpy.ndarray]]:
    """Read the newest checkpoint that is whole and has the expected arrays.

    Returns:
        Its epoch and its state; epoch 0 and the expected state where there is none.
    """
    for epoch, path in _checkpoints(directory):
        try:
            with numpy.load(str(path)) as file:
                state = {name: file[name] for name in expected}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            LoggingHelper().warning("%s cannot be read, trying the one before: %s", path, error)
            continue
        if all(state[name].shape == array.shape for name, array in expected.items()):
            return epoch, state
        LoggingHelper().warning("%s is of another network, trying the one before", path)
    return 0, expected


def _checkpoints(directory: Path) -> list[tuple[int, Path]]:
    """All checkpoints with their epochs, the newest first."""
    found = []
    for path in directory.iterdir():
        match = _NAME.fullmatch(path.name)
        if match:
            found.append((int(match.group(1)), path))
    return sorted(found, reverse=True)
