"""A machine's disk before it has one: its own files over the image that all share."""

from __future__ import annotations

import os

from machine.confined import CONFINED

SCRIPT = """set -e
merged=$1 options=$2
shift 2
mount -t overlay overlay -o "$options" "$merged"
exec "$@"
"""


class Layers:
    """`own` holds what differs from the layers below, before and after the machine has run.

    `below` are the folders that many machines share, the uppermost first.
    """

    def __init__(self, folder: str, below: list[str]) -> None:
        self._below = below
        self.own = os.path.join(folder, "own")
        self.merged = os.path.join(folder, "merged")
        self._work = os.path.join(folder, "work")
        for path in (self.own, self.merged, self._work):
            os.makedirs(path, exist_ok=True)

    def command(self, *argv: str) -> list[str]:
        """The command with `merged` mounted."""
        options = f"lowerdir={':'.join(self._below)},upperdir={self.own},workdir={self._work}"
        return [*CONFINED, "sh", "-c", SCRIPT, "sh", self.merged, options, *argv]
