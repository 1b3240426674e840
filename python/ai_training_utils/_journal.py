"""The journal of tuning: each line is one state of one request, or a request that arrived."""

from __future__ import annotations

import json
import logging
import os
from typing import Any

from ai_training_utils.line_file import LineFile

_logger = logging.getLogger("ai_training_utils")
NAME = "tuning.jsonl"
# Longer ones are no request of ours; reading them all would cost the training memory.
_MAXIMUM_LINE = 1 << 16


class Journal:
    """Reads whole lines as they are appended, by whomever, and appends its own."""

    def __init__(self, path: str | os.PathLike) -> None:
        """Remember the path; no file needs to be there yet."""
        self.path = os.fspath(path)
        self._lines = LineFile(path, _logger.warning)
        self._state: tuple[int, int] = (0, 0)
        self._offset = 0

    def has_news(self) -> bool:
        """Whether something was appended since the last call of :meth:`new_lines`."""
        return self._changed() is not None

    def _changed(self) -> os.stat_result | None:
        try:
            status = os.stat(self.path)
        except OSError:
            return None
        return None if (status.st_ino, status.st_size) == self._state else status

    def new_lines(self) -> list[dict[str, Any]]:
        """Return the lines appended since the last call; what is no object with an id is none.

        Without news it costs one look at the file's size.
        """
        status = self._changed()
        if status is None:
            return []
        if status.st_ino != self._state[0] or status.st_size < self._offset:
            # Another file, written anew: what was seen in it is known by its id.
            self._offset = 0
        try:
            with open(self.path, "rb") as file:
                file.seek(self._offset)
                data = file.read()
        except OSError as error:
            _logger.warning("cannot read %s: %s", self.path, error.strerror or error)
            return []
        # What follows the last newline is still being written.
        complete = data[: data.rfind(b"\n") + 1]
        self._offset += len(complete)
        # By what was read, since the file may have grown between the two calls.
        self._state = (status.st_ino, self._offset + len(data) - len(complete))
        return [line for line in map(_parsed, complete.split(b"\n")) if line is not None]

    def append(self, line: dict[str, Any]) -> bool:
        """Append one line; return whether the disk took it."""
        try:
            text = json.dumps(line, allow_nan=False)
        except ValueError:
            # JSON has no number for a NaN or an infinity.
            text = json.dumps(json.loads(json.dumps(line), parse_constant=str))
        return self._lines.append(text + "\n")


def _parsed(line: bytes) -> dict[str, Any] | None:
    if not line or len(line) > _MAXIMUM_LINE:
        return None
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    is_ours = isinstance(value, dict) and isinstance(value.get("id"), str)
    return value if is_ours and isinstance(value.get("state"), str) else None
