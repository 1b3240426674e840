"""Append whole lines to a file that several threads and processes write to."""

from __future__ import annotations

import os
import threading
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Any, Callable

_all_files: weakref.WeakSet[LineFile] = weakref.WeakSet()


class LineFile:
    """Appends lines, each batch in one write. Raises no OSError: no log is worth a training."""

    def __init__(self, path: str | os.PathLike, on_error: Callable[[str], None]) -> None:
        """Remember the path; ``on_error`` gets a line of text whenever writing begins to fail."""
        self.path = Path(path)
        self._on_error = on_error
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._is_torn = False
        self._is_failing = False
        _all_files.add(self)

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "_on_error": self._on_error}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["path"], state["_on_error"])

    def append(self, lines: str) -> bool:
        """Append text that ends with a newline; return whether all of it was written."""
        data = lines.encode("utf-8", "backslashreplace")
        with self._lock:
            try:
                self._write(data)
            except OSError as error:
                if not self._is_failing:
                    self._is_failing = True
                    self._on_error(f"cannot write {self.path}: {error.strerror or error}")
                return False
            self._is_failing = False
            return True

    def close(self) -> None:
        """Close the file; a later line opens it again."""
        with self._lock:
            descriptor, self._descriptor = self._descriptor, None
            if descriptor is not None:
                with suppress(OSError):
                    os.close(descriptor)

    def _write(self, data: bytes) -> None:
        if self._descriptor is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Readable too, to look at its last byte.
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
            self._is_torn = _ends_inside_a_line(descriptor)
            self._descriptor = descriptor
        if self._is_torn:
            # End the half line that a full disk or a crash left, so that it spoils only itself.
            data = b"\n" + data
        written = os.write(self._descriptor, data)
        if written > 0:
            self._is_torn = data[written - 1 : written] != b"\n"
        if written < len(data):
            # The rest is not written after it: another process may have come between.
            raise OSError(f"only {written} of {len(data)} bytes fitted")


def _ends_inside_a_line(descriptor: int) -> bool:
    # A pipe or a device has no size and no earlier line.
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) not in (b"\n", b"")


def _renew_locks() -> None:
    for line_file in list(_all_files):
        line_file._lock = threading.Lock()


# A process forked while another thread was writing would wait for ever for its lock.
os.register_at_fork(after_in_child=_renew_locks)
