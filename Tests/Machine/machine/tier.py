"""What the two tiers have in common: something that starts, has a power button, and ends."""

from __future__ import annotations

import re
import subprocess
from typing import Protocol

from machine.events import EventLog

POWER_OFF = "power-off"
REBOOT = "reboot"
CUT = "cut"
FAILED = "failed"

JOURNALCTL = ["journalctl", "--no-pager", "--output=short-monotonic"]
ESCAPES = re.compile(
    r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|[\r\x07]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)"
)


class Tier(Protocol):
    """A machine that is off, runs, and is off again with the same disk."""

    def start(self) -> None: ...

    def press_power(self) -> None:
        """The power button (ACPI), as a cloud presses it."""

    def cut(self) -> None:
        """The power is gone at once."""

    def ended(self) -> str | None:
        """None while it runs, then power-off, reboot, cut or failed."""

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """A shell command inside."""

    def journal(self, *arguments: str) -> str:
        """journalctl on the machine's disk."""

    def read(self, path: str) -> bytes | None:
        """A file of the machine's disk, for when it is off; None where there is none."""

    def close(self) -> None: ...


def read_console(process: subprocess.Popen[bytes], log: EventLog) -> None:
    """Every line of the console into the log, until the process ends."""
    if process.stdout is None:
        return
    with process.stdout:
        for line in process.stdout:
            text = ESCAPES.sub("", line.decode("utf-8", "replace")).rstrip()
            if text:
                log.add_console(text)


def journalctl(folder: str, *arguments: str) -> str:
    """The journal files below a folder as text, with seconds since boot."""
    done = subprocess.run(
        [*JOURNALCTL, f"--directory={folder}", *arguments],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=30,
        check=False,
    )
    return done.stdout or done.stderr
