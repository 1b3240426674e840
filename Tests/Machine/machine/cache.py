"""Where what takes long to make is kept: images and layers."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
from collections.abc import Iterator


def default_cache() -> str:
    """The folder if nothing else is said (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("TRAIN_MACHINE_CACHE") or os.path.join(base, "train-test-machine")


@contextlib.contextmanager
def locked(path: str) -> Iterator[None]:
    """Two tests that want the same image: the second one waits."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def remove(path: str) -> None:
    """Deletes an image, and nothing that is mounted in it."""
    if os.path.lexists(path):
        subprocess.run(["rm", "--recursive", "--force", "--one-file-system", path], check=True)


def remove_others(cache: str, kind: str) -> None:
    """What was made by former recipes; each takes hundreds of megabytes."""
    for name in os.listdir(cache):
        if name.startswith(f"{kind}-"):
            remove(os.path.join(cache, name))
