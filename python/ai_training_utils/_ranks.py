"""Which process of a distributed training this is."""

from __future__ import annotations

import os
import sys
from types import ModuleType

# Process -> whether it has its rank; and the descriptors of the locks.
_claimed: dict[int, bool] = {}
_locks: list[int] = []


def rank() -> int:
    """Return this process's number among those that train together."""
    group = _group()
    return group.get_rank() if group else _number("RANK", 0)


def count() -> int:
    """Return how many processes train together."""
    group = _group()
    return group.get_world_size() if group else _number("WORLD_SIZE", 1)


def is_on_one_machine() -> bool:
    """Whether all of them share this machine's files, as far as torchrun says."""
    return _number("LOCAL_WORLD_SIZE", count()) == count()


def attempt() -> int:
    """Return which start of the trainer this is; 1 without an agent."""
    return _number("AI_TRAINING_ATTEMPT", 1)


def claim() -> bool:
    """Take this rank for this process; False where another one has it.

    A trainer may start more processes with the same environment, such as for a search: one of
    them speaks for the training. Without an agent, which gives the directory, each does.
    """
    process = os.getpid()
    if process not in _claimed:
        directory = os.environ.get("AI_TRAINING_OBSERVER_DIRECTORY")
        _claimed[process] = not directory or _is_locked(directory)
    return _claimed[process]


def _is_locked(directory: str) -> bool:
    import fcntl

    try:
        path = os.path.join(directory, f"rank-{rank()}.lock")
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return True
    # Closing any descriptor of the file would give the lock back.
    _locks.append(descriptor)
    try:
        # Of the process, not of the descriptor: a fork does not inherit it.
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _group() -> ModuleType | None:
    group = sys.modules.get("torch.distributed")
    try:
        return group if group and group.is_available() and group.is_initialized() else None
    except AttributeError:
        # It is being imported right now.
        return None


def _number(name: str, default: int) -> int:
    text = os.environ.get(name, "")
    return int(text) if text.isdecimal() else default
