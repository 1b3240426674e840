"""The two files of tuning: requests that others append, answers that the trainer appends."""

from __future__ import annotations

import json
import logging
import os
import time
from typing import Any, Iterator

from ai_training_utils.line_file import LineFile

_logger = logging.getLogger("ai_training_utils")


class TuningFile:
    """Reads each request once, in order, and answers each once over all restarts."""

    def __init__(self, requests: str, answers: str, is_answering: bool) -> None:
        """Read the answers of earlier attempts; no file needs to be there yet."""
        self._path = requests
        self._answers = LineFile(answers, _logger.warning) if is_answering else None
        self._was_accepted = {
            answer["id"]: answer.get("accepted") is True
            for answer in map(_parsed, _read(answers, 0).split(b"\n"))
            if answer is not None
        }
        self._seen: set[int] = set()
        self._state: tuple[int, int] = (0, 0)
        self._offset = 0
        self._unwritten: list[str] = []

    def new_requests(self) -> Iterator[dict[str, Any]]:
        """Give each request that was neither given yet nor refused earlier."""
        for line in self._new_lines():
            request = _parsed(line)
            if request is None:
                # Without an id there is nothing to answer.
                if line.strip():
                    _logger.warning("not a tuning request: %r", line[:200])
            elif request["id"] not in self._seen:
                self._seen.add(request["id"])
                if self._was_accepted.get(request["id"], True):
                    yield request

    def answer(self, request: dict[str, Any], value: Any, step: int, reason: str) -> None:
        """Note the answer to a request; a reason that is not empty says why it was refused."""
        if self._answers is None or request["id"] in self._was_accepted:
            return
        self._was_accepted[request["id"]] = not reason
        answer = {
            "id": request["id"],
            "name": str(request.get("name")),
            "value": value,
            "step": step,
            "time": time.time(),
            "accepted": not reason,
            "reason": reason,
        }
        try:
            line = json.dumps(answer, allow_nan=False)
        except ValueError:
            # A refused NaN or infinity, for which JSON has no number.
            line = json.dumps({**answer, "value": str(value)})
        self._unwritten.append(line + "\n")

    def write_answers(self) -> None:
        """Write the noted answers; what a full disk does not take is tried again next time."""
        while self._unwritten and self._answers.append(self._unwritten[0]):
            del self._unwritten[0]

    def _new_lines(self) -> list[bytes]:
        """Read the complete lines that were appended since the last call."""
        try:
            status = os.stat(self._path)
        except OSError:
            return []
        state = (status.st_ino, status.st_size)
        if state == self._state:
            return []
        if status.st_ino != self._state[0] or status.st_size < self._offset:
            # Another file, written anew: what was seen in it is known by its id.
            self._offset = 0
        data = _read(self._path, self._offset)
        # What follows the last newline is still being written.
        complete = data[: data.rfind(b"\n") + 1]
        self._offset += len(complete)
        self._state = state
        return complete.split(b"\n")


def _read(path: str, offset: int) -> bytes:
    try:
        with open(path, "rb") as file:
            file.seek(offset)
            return file.read()
    except FileNotFoundError:
        return b""
    except OSError as error:
        _logger.warning("cannot read %s: %s", path, error.strerror or error)
        return b""


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        return None
    # A bool is an int to Python.
    return request if isinstance(request, dict) and type(request.get("id")) is int else None
