"""Applying again, after a restart, what was applied before it: at the same steps."""

from __future__ import annotations

from typing import Any

# A clock that was there before the restart may begin after another one, but not long after it.
_PATIENCE_STEPS = 100


class Replay:
    """The changes of former processes that this one has not made yet, in order."""

    def __init__(self) -> None:
        self._entries: list[dict[str, Any]] = []
        self._first_step: int | None = None

    def add(self, line: dict[str, Any]) -> None:
        """Add a line of the journal that says what was applied, and at which step."""
        is_whole = isinstance(line.get("changes"), dict) and type(line.get("step")) is int
        if is_whole and line["changes"]:
            self._entries.append(line)
            # Stable: of two at one step the later line is made later.
            self._entries.sort(key=lambda entry: entry["step"])

    def due(self, clock: str, step: int, is_exact: bool) -> list[tuple[dict[str, Any], bool]]:
        """Take what is due at a step, each with whether that is the step at which it was made.

        Where the step is not known to go on from a checkpoint, all are due at once.
        """
        if not self._entries:
            return []
        if self._first_step is None:
            self._first_step = step
        is_late = step - self._first_step >= _PATIENCE_STEPS
        due, rest = [], []
        for entry in self._entries:
            is_same_clock = entry.get("clock") == clock
            if is_same_clock and is_exact:
                is_due = entry["step"] <= step
            else:
                is_due = is_same_clock or is_late
            (due if is_due else rest).append(entry)
        self._entries = rest
        return [(entry, is_exact and entry.get("clock") == clock) for entry in due]

    def steps(self, clock: str) -> list[int]:
        """Return the steps at which something is due, the same in every rank."""
        late = (self._first_step or 0) + _PATIENCE_STEPS
        return [entry["step"] if entry.get("clock") == clock else late for entry in self._entries]
