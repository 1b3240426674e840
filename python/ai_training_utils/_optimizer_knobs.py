"""Learning rate, weight decay, momentum and betas of PyTorch's optimizers, by scale at use.

A value is changed for the time of one ``step`` and put back after it. What a scheduler computes,
what a checkpoint holds and what the user's code reads stay as planned, so the change is exact
under every scheduler and leaves no trace in a saved state.
"""

from __future__ import annotations

import math
import re
from typing import Any, Union

FIELDS = ("lr", "weight_decay", "momentum", "betas")
_NAME = re.compile(r"optimizer(?:\[(\d{1,3})\])?\.(lr|weight_decay|momentum|betas)")
# Their step sizes are state of their own, or lag behind by a step.
_DEAF = ("Rprop", "ASGD")

# ("factor", times the planned value) or ("pin", instead of it).
Override = tuple
Number = Union[float, tuple]


class NotYet(Exception):
    """The optimizer that is meant has made no step so far, so nothing is known of it."""


class OptimizerKnobs:
    """The optimizers of this process, in the order of their first steps, and what is changed."""

    def __init__(self) -> None:
        self.optimizers: list[Any] = []
        self.overrides: dict[str, Override] = {}
        # Grows with each change, so that whoever keeps a list of them knows that it is old.
        self.version = 0

    def set(self, name: str, override: Override) -> None:
        """Put an override in force; of a specific optimizer it wins over that of all."""
        self.overrides[name] = override
        self.version += 1

    def in_force(self, optimizer: Any) -> list[tuple[str, str, Any]]:
        """Return field, kind and value of each override that concerns one optimizer."""
        found = {}
        index = self._index(optimizer)
        for name, (kind, value) in self.overrides.items():
            number, field = _split(name)
            if number is None:
                found.setdefault(field, (field, kind, value))
            elif number == index:
                found[field] = (field, kind, value)
        return list(found.values())

    def planned(self, name: str) -> Number:
        """Return the value without any override, of the first group that has one that is not 0.

        Raises:
            NotYet: no optimizer is known.
            ValueError: none of them has such a value.
        """
        values = self._values(name)
        return next((value for value in values if value), values[0])

    def used(self, name: str) -> Number:
        """Return what the next step uses; raises as :meth:`planned`."""
        planned = self.planned(name)
        kind, value = self.present(name)
        return value if kind == "pin" else _used(planned, value)

    def changed(self, name: str, change: dict[str, Any]) -> Override:
        """Return the override that makes a change come true.

        Raises:
            NotYet: no optimizer is known.
            ValueError: the change cannot be made, with the reason.
        """
        _, field = _split(name)
        values = self._values(name)
        planned = self.planned(name)
        kind, present = self.present(name)
        if "scale" in change:
            factor = _finite(change["scale"], name)
            if field == "betas" or factor < 0:
                raise ValueError(f"{name} cannot be scaled by {factor}")
            result = present * factor
            used = result if kind == "pin" else _used(planned, result)
            _check(name, field, used)
            return (kind, result)
        wanted = _betas(change["set"], name) if field == "betas" else _finite(change["set"], name)
        _check(name, field, wanted)
        if field in ("momentum", "betas"):
            return ("pin", wanted)
        if any(values):
            return ("factor", wanted / planned)
        if field == "weight_decay":
            return ("pin", wanted)
        raise ValueError(f"{name} is planned as 0 at this step, which no factor makes {wanted}")

    def description(self) -> dict[str, dict[str, Any]]:
        """Return what ``knobs.json`` says of all optimizers together."""
        found = {}
        for field in FIELDS:
            name = f"optimizer.{field}"
            try:
                used, planned = self.used(name), self.planned(name)
            except (NotYet, ValueError):
                continue
            kinds = sorted({_kind(optimizer) for optimizer in self.optimizers})
            found[name] = {
                "type": "pair" if field == "betas" else "float",
                "value": used,
                "planned": planned,
                "minimum": 0,
                "maximum": None if field in ("lr", "weight_decay") else 1,
                "source": ", ".join(kinds[:4]),
                "count": len(self.optimizers),
            }
        return found

    def present(self, name: str) -> Override:
        """Return the override in force, a factor of 1 where there is none."""
        _, field = _split(name)
        return self.overrides.get(name) or self.overrides.get(f"optimizer.{field}", ("factor", 1.0))

    def _index(self, optimizer: Any) -> int:
        return next((i for i, known in enumerate(self.optimizers) if known is optimizer), -1)

    def _values(self, name: str) -> list[Number]:
        number, field = _split(name)
        if len(self.optimizers) <= (number or 0):
            count = len(self.optimizers)
            raise NotYet(f"{name}: {count} PyTorch optimizers have made a step here")
        chosen = self.optimizers if number is None else [self.optimizers[number]]
        for optimizer in chosen:
            kind = _kind(optimizer)
            if field == "lr" and kind in _DEAF:
                raise ValueError(f"{kind} keeps its step sizes as state: a rate changes nothing")
        groups = [group for optimizer in chosen for group in optimizer.param_groups]
        values = [_plain(group[field]) for group in groups if group.get(field) is not None]
        if not values:
            raise ValueError(f"{_kind(chosen[0])} has no {field} that can be changed")
        return values


def canonical(name: str) -> str | None:
    """Return the full name of an optimizer's knob, such as of ``lr``; None where it is none."""
    if _NAME.fullmatch(name):
        return name
    field = "lr" if name == "learning_rate" else name
    return f"optimizer.{field}" if field in FIELDS else None


def apply(optimizer: Any, overrides: list[tuple[str, str, Any]]) -> list[tuple]:
    """Change an optimizer's groups for the time of one step; return what undoes it."""
    undo: list[tuple] = []
    for group in optimizer.param_groups:
        for field, kind, value in overrides:
            planned = group.get(field)
            if planned is None:
                continue
            if hasattr(planned, "mul_"):
                # In place: a compiled or captured step holds the tensor's address.
                saved = planned.detach().clone()
                used = planned
                used.detach().mul_(value) if kind == "factor" else used.detach().fill_(value)
                undo.append((group, field, planned, used, saved))
            else:
                used = value if kind == "pin" else planned * value
                group[field] = used
                undo.append((group, field, planned, used, None))
    return undo


def put_back(undo: list[tuple]) -> None:
    """Undo :func:`apply`, except where somebody set a value meanwhile: that one stays."""
    for group, field, planned, used, saved in undo:
        if group.get(field) is not used:
            continue
        if saved is not None:
            planned.detach().copy_(saved)
        else:
            group[field] = planned


def _split(name: str) -> tuple[int | None, str]:
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"{name:.60}: no optimizer has this knob")
    return (None if match[1] is None else int(match[1])), match[2]


def _kind(optimizer: Any) -> str:
    return getattr(optimizer, "kind", type(optimizer).__name__)


def _plain(value: Any) -> Number:
    return tuple(map(float, value)) if isinstance(value, (tuple, list)) else float(value)


def _used(planned: Number, factor: float) -> Number:
    # Only what was never changed is a pair here.
    return planned if isinstance(planned, tuple) else planned * factor


def _finite(value: Any, name: str) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{name} is a number, not {repr(value)[:60]}")
    return number


def _betas(value: Any, name: str) -> tuple:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, (list, tuple)) or len(parts) != 2:
        raise ValueError(f"{name} is a pair such as 0.9,0.999, not {repr(value)[:60]}")
    return tuple(_finite(part, name) for part in parts)


def _check(name: str, field: str, value: Number) -> None:
    limit = math.inf if field in ("lr", "weight_decay") else 1.0
    for number in value if isinstance(value, tuple) else (value,):
        if not 0 <= number < limit or not math.isfinite(number):
            bounds = "0 or more" if limit == math.inf else "from 0 to below 1"
            raise ValueError(f"{name} must be {bounds}, not {number}")
