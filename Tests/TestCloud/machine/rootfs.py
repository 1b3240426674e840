"""The images' root file systems, built once and kept."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
from collections.abc import Iterator

from machine.confined import CONFINED
from machine.recipe import recipe

# Of all files that packages' scripts make, so that the same recipe gives the same image.
EPOCH = "1700000000"


def default_cache() -> str:
    """Where the images are kept if nothing else is said (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "train-test-machine")


@contextlib.contextmanager
def locked(path: str) -> Iterator[None]:
    """Two tests that want the same image: the second one waits."""
    with open(path, "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def rootfs(kind: str, cache: str) -> str:
    """The folder of the root file system of that kind; never to be written to."""
    made = recipe(kind)
    os.makedirs(cache, exist_ok=True)
    path = os.path.join(cache, f"{kind}-{made.digest()}")
    with locked(os.path.join(cache, f"{kind}.lock")):
        if os.path.isdir(path):
            return path
        remove_others(cache, kind)
        building = path + ".building"
        remove(building)
        environment = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH, "LC_ALL": "C.UTF-8"}
        log = os.path.join(cache, f"{kind}.log")
        with open(log, "wb") as output:
            # mmdebstrap mounts /proc and /sys in what it builds. Aborted, it must not leave them:
            # nobody may ever delete a folder in which they still are.
            done = subprocess.run(
                [*CONFINED, *made.command(building)],
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                timeout=900,
                check=False,
            )
        if done.returncode:
            raise RuntimeError(f"mmdebstrap failed with {done.returncode}: see {log}")
        os.rename(building, path)
    return path


def remove(path: str) -> None:
    """Deletes an image, and nothing that is mounted in it."""
    if os.path.exists(path):
        subprocess.run(["rm", "--recursive", "--force", "--one-file-system", path], check=True)


def remove_others(cache: str, kind: str) -> None:
    """Images of former recipes; each takes 400 MB."""
    for name in os.listdir(cache):
        path = os.path.join(cache, name)
        if name.startswith(f"{kind}-") and os.path.isdir(path):
            remove(path)
