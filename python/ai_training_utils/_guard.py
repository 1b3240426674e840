"""A change that is watched: where the training gets worse after it, it is taken back."""

from __future__ import annotations

import math
import statistics
from collections import deque
from typing import Any

# The rule, fixed before it was tried: see docs/tuning.md.
_BEFORE, _AFTER, _LEAST = 100, 50, 25
_MOST_NAMES = 200


class Scalars:
    """The newest values of what the training logs, to compare with after a change."""

    def __init__(self) -> None:
        self._values: dict[str, deque] = {}

    def add(self, name: str, value: float) -> None:
        """Keep a value; of more names than anybody logs the first count."""
        values = self._values.get(name)
        if values is None:
            if len(self._values) >= _MOST_NAMES:
                return
            values = self._values[name] = deque(maxlen=_BEFORE)
        values.append(value)

    def before(self, name: str) -> tuple[float, float]:
        """Return the median and the spread of the newest values.

        Raises:
            ValueError: there are too few, with the names that there are.
        """
        values = [value for value in self._values.get(name, ()) if math.isfinite(value)]
        if len(values) < _LEAST:
            known = ", ".join(sorted(self._values)[:20]) or "none"
            raise ValueError(f"{len(values)} values of {name!r:.60} to compare with; seen: {known}")
        center = statistics.median(values)
        # 1.4826 makes the median of the distances a standard deviation of normal noise.
        return center, 1.4826 * statistics.median(abs(value - center) for value in values)


class Guard:
    """What one change must not do to one scalar, for a number of steps."""

    def __init__(self, rule: dict[str, Any], center: float, spread: float, step: int) -> None:
        """Raise ValueError where the rule cannot be watched."""
        name, limit, steps = rule.get("name"), rule.get("limit"), rule.get("steps")
        is_number = isinstance(limit, (int, float)) and not isinstance(limit, bool)
        if not isinstance(name, str) or not is_number or type(steps) is not int or steps < 1:
            raise ValueError("the guard is not NAME < LIMIT for STEPS")
        self.rule, self.center, self.spread, self.step = rule, center, spread, step
        self.name, self._is_below = name, rule.get("is_below") is not False
        self._limit = limit * center if rule.get("is_factor") else float(limit)
        self._end = step + steps
        self._values: deque = deque(maxlen=_AFTER)
        self._verdict: str | None = None

    @classmethod
    def of_record(cls, record: dict[str, Any], step: int) -> Guard:
        """Return the guard of a change that an earlier process made; ValueError as above."""
        return cls(record["rule"], float(record["center"]), float(record["spread"]), step)

    def record(self) -> dict[str, Any]:
        """Return what the journal keeps of it."""
        return {"rule": self.rule, "center": self.center, "spread": self.spread}

    def see(self, name: str, value: float) -> None:
        """Judge one value.

        Worse is what is no number; else a median of the newest 50, of at least 25, that is beyond
        the limit, and further from the median before than single values were spread around it.
        """
        if name != self.name or self._verdict is not None:
            return
        if not math.isfinite(value):
            self._verdict = f"{name} is {value}"
            return
        self._values.append(value)
        if len(self._values) < _LEAST:
            return
        middle = statistics.median(self._values)
        sign = 1.0 if self._is_below else -1.0
        is_beyond = sign * (middle - self._limit) > 0
        if is_beyond and sign * (middle - self.center) > self.spread:
            self._verdict = f"{name} is {middle:.6g}, was {self.center:.6g}"

    def verdict(self, step: int) -> tuple[str, str] | None:
        """Return ``reverted`` with the reason, ``kept`` when its steps are over, else None."""
        if self._verdict is not None:
            return "reverted", self._verdict
        return ("kept", "") if step >= self._end else None


class Guards:
    """The guards of this process, and the scalars that they compare with."""

    def __init__(self) -> None:
        self.ranks = 1
        self._scalars = Scalars()
        self._active: dict[str, tuple[Guard, dict[str, Any]]] = {}

    @property
    def is_active(self) -> bool:
        """Whether every value of a scalar is to be seen, and not one a second."""
        return bool(self._active)

    def saw(self, name: str, value: float) -> None:
        """Take note of a scalar that the training logs."""
        self._scalars.add(name, value)
        for guard, _ in list(self._active.values()):
            guard.see(name, value)

    def of(self, request: dict[str, Any], step: int) -> Guard | None:
        """Return the guard that a request asks for; ValueError where there can be none."""
        rule = request.get("guard")
        if rule is None:
            return None
        if self.ranks > 1:
            raise ValueError("a guard watches one process, and this training has several")
        rule = rule if isinstance(rule, dict) else {}
        return Guard(rule, *self._scalars.before(str(rule.get("name"))), step)

    def begin(self, identifier: str, guard: Guard | None, changes: dict[str, Any]) -> None:
        """Watch a change that was made."""
        if guard is not None:
            self._active[identifier] = (guard, changes)

    def verdicts(self, step: int) -> list[tuple[str, str, str, dict[str, Any]]]:
        """Return the changes that are judged: which, how, why, and what was changed."""
        found = []
        for identifier, (guard, changes) in self._active.items():
            verdict = guard.verdict(step)
            if verdict is not None:
                found.append((identifier, *verdict, changes))
        return found

    def end(self, identifier: str) -> None:
        """Watch a change no longer."""
        self._active.pop(identifier, None)
