"""The images' root file systems, built once and kept."""

from __future__ import annotations

import os
import subprocess

from machine.cache import locked, remove_others
from machine.confined import CONFINED
from machine.recipe import recipe

# Of all files that packages' scripts make, so that the same recipe gives the same image.
EPOCH = "1700000000"


def rootfs(kind: str, cache: str) -> str:
    """The folder of the root file system of that kind; never to be written to."""
    made = recipe(kind)
    path = os.path.join(cache, f"{kind}-{made.digest()}")
    with locked(os.path.join(cache, f"{kind}.lock")):
        if os.path.isdir(path):
            return path
        remove_others(cache, kind)
        building = path + ".building"
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
            raise RuntimeError(
                f"mmdebstrap failed with {done.returncode}: see {log}; if a version is not there "
                "any more, apt-get update helps"
            )
        os.rename(building, path)
    return path
