"""What a request asks for, as changes that are made whole or not at all."""

from __future__ import annotations

import math
from typing import Any, Callable, Iterable

from ai_training_utils._optimizer_knobs import OptimizerKnobs, canonical

_MOST_CHANGES = 100


class Targets:
    """All that can be tuned in this process."""

    def __init__(self, holders: Callable[[], Iterable[Any]]) -> None:
        """Remember who gives the live ``Hyperparameters``, the newest last."""
        self._holders = holders
        self.optimizers = OptimizerKnobs()
        # name -> first step, number of steps, from, to
        self.ramps: dict[str, tuple[int, int, float, float]] = {}

    def holders(self, name: str) -> list[Any]:
        """Return who declares a name."""
        return [holder for holder in self._holders() if name in holder]

    def resolve(self, name: str) -> str:
        """Return the full name; a declared one wins over the optimizer's of that name.

        Raises:
            ValueError: nothing is called so.
        """
        if self.holders(name):
            return name
        full = canonical(name) if isinstance(name, str) else None
        if full is None:
            known = [known for holder in self._holders() for known in holder]
            known += list(self.optimizers.description())
            raise ValueError(f"nothing here is called {name!r:.60}; known: {', '.join(known)}")
        return full

    def value(self, name: str) -> Any:
        """Return the value in use; raises as ``OptimizerKnobs.used``."""
        holders = self.holders(name)
        return holders[-1][name] if holders else self.optimizers.used(name)

    def plan(self, request: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Return each change by its full name: ``old``, ``new``, ``override``, ``ramp``.

        Raises:
            NotYet: an optimizer is meant, and none has made a step.
            ValueError: the request cannot be fulfilled, with the reason.
        """
        changes = request.get("changes")
        if not isinstance(changes, dict) or not 0 < len(changes) <= _MOST_CHANGES:
            raise ValueError("the request names no changes")
        expect = request.get("expect") or {}
        for name, wanted in expect.items():
            present = self.value(self.resolve(name))
            if not _is_close(present, wanted):
                raise ValueError(f"{name} is {present!r} and not {wanted!r}, as was expected")
        found: dict[str, dict[str, Any]] = {}
        for name, change in changes.items():
            full = self.resolve(name)
            if full in found:
                raise ValueError(f"{full} is named twice")
            found[full] = self._planned(full, change)
        return found

    def _planned(self, name: str, change: Any) -> dict[str, Any]:
        ramp = change.get("ramp") if isinstance(change, dict) else None
        target = ramp if isinstance(ramp, dict) else change
        if not isinstance(target, dict) or ("set" in target) == ("scale" in target):
            raise ValueError(f"{name}: neither a value nor a factor is given")
        holders = self.holders(name)
        old = self.value(name)
        if holders:
            knob = holders[-1].knob(name)
            new = target["set"] if "set" in target else _scaled(name, old, target["scale"])
            result = {"old": old, "new": knob.checked(new)}
            start, end = old, result["new"]
        else:
            override = self.optimizers.changed(name, target)
            present = self.optimizers.present(name)
            planned = self.optimizers.planned(name)
            new = override[1] if override[0] == "pin" else planned * override[1]
            result = {"old": old, "new": new, "override": list(override)}
            result["before"] = list(present)
            start = present[1] if present[0] == override[0] else old
            end = override[1]
        if ramp is not None:
            steps = ramp.get("steps")
            if type(steps) is not int or not 0 < steps <= 10**9:
                raise ValueError(f"{name}: the steps of a ramp are a whole number above 0")
            if not (isinstance(start, float) and isinstance(end, float)):
                raise ValueError(f"{name} cannot change little by little: it is no fraction")
            result["ramp"] = {"from": start, "steps": steps}
        return result

    def apply(self, changes: dict[str, dict[str, Any]], step: int) -> dict[str, Any]:
        """Put planned or recorded changes in force; return the declared values that are set.

        ``step`` is the step at which they begin, which a ramp counts from.

        Raises:
            ValueError, LookupError, TypeError: one of them is no change; none is made then.
        """
        checked = {name: self._checked(name, change) for name, change in changes.items()}
        values = {}
        for name, (kind, start, end, steps) in checked.items():
            self.ramps.pop(name, None)
            if steps:
                self.ramps[name] = (step, steps, start, end)
            if kind is not None:
                self.optimizers.set(name, (kind, start))
            elif self.holders(name):
                values[name] = self._set(name, start)
            else:
                # The program declared it once, and does no more.
                self.ramps.pop(name, None)
        return values

    def _checked(self, name: str, change: dict[str, Any]) -> tuple[str | None, Any, Any, int]:
        """Return the kind of an optimizer's override, what is set now and last, and the steps."""
        override, ramp = change.get("override"), change.get("ramp")
        end = override[1] if override else change["new"]
        kind = override[0] if override else None
        if override and (canonical(name) != name or kind not in ("pin", "factor")):
            raise ValueError(f"{name:.60}: no optimizer has this knob")
        end = tuple(end) if override and isinstance(end, list) else end
        if not ramp:
            return kind, end, end, 0
        steps, start = ramp["steps"], ramp["from"]
        is_ramp = isinstance(start, (int, float)) and isinstance(end, (int, float))
        if type(steps) is not int or steps < 1 or not is_ramp:
            raise ValueError(f"{name}: the ramp has no steps, or no number at an end")
        return kind, start, end, steps

    def advance(self, step: int) -> dict[str, Any]:
        """Bring ramps to a step; return the declared values that are set."""
        values = {}
        for name, (first, steps, start, end) in list(self.ramps.items()):
            part = min(1.0, max(0.0, (step - first) / steps))
            value = end if part == 1.0 else start + (end - start) * part
            if part == 1.0:
                del self.ramps[name]
            if self.holders(name):
                values[name] = self._set(name, value)
            elif canonical(name) == name:
                self.optimizers.set(name, (self.optimizers.present(name)[0], value))
            else:
                # Who declared it is gone.
                self.ramps.pop(name, None)
        return values

    def _set(self, name: str, value: Any) -> Any:
        # A recorded value that a changed program no longer allows is left out.
        for holder in self.holders(name):
            try:
                holder[name] = value
            except ValueError:
                continue
        return value


def reversed_changes(changes: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what takes changes back, as a change of its own."""
    back = {}
    for name, change in changes.items():
        back[name] = {"old": change["new"], "new": change["old"]}
        if "before" in change:
            back[name].update(override=change["before"], before=change["override"])
    return back


def _scaled(name: str, value: Any, factor: Any) -> float:
    if isinstance(value, (bool, str)) or not isinstance(value, (int, float)):
        raise ValueError(f"{name} is no number, and cannot be scaled")
    if isinstance(factor, bool) or not isinstance(factor, (int, float)):
        raise ValueError(f"{name}: {factor!r:.60} is no factor")
    return value * factor


def _is_close(present: Any, wanted: Any) -> bool:
    if isinstance(wanted, str) and not isinstance(present, str):
        # As a person types it.
        try:
            wanted = [float(part) for part in wanted.split(",")]
            wanted = wanted[0] if len(wanted) == 1 else wanted
        except ValueError:
            return str(present).lower() == str(wanted).lower()
    if isinstance(present, (tuple, list)) and isinstance(wanted, (tuple, list)):
        return len(present) == len(wanted) and all(map(_is_close, present, wanted))
    if isinstance(present, (int, float)) and isinstance(wanted, (int, float)):
        return math.isclose(present, wanted, rel_tol=1e-9)
    return present == wanted
