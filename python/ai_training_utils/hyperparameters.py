"""Hyperparameters that can be changed from outside while the training runs."""

from __future__ import annotations

import operator
from typing import Iterator

from ai_training_utils._tuning import desk
from ai_training_utils.knob import Choice, Float, Int, Knob, Value

__all__ = ["Choice", "Float", "Hyperparameters", "Int"]


class Hyperparameters:
    """Named values, typed by their defaults, that ``train tune`` changes at safe points.

        hp = Hyperparameters(learning_rate=1e-3, dropout=Float(0.1, min=0, max=0.9),
                             mode=Choice("a", "b"))
        for step, batch in enumerate(batches):
            if "learning_rate" in hp.update(step):
                set_learning_rate(optimizer, hp.learning_rate)

    A value is a plain attribute. Requests and answers are lines of
    ``<logs_directory>/tuning.jsonl``; what was applied before a restart is applied again at the
    steps at which it was. Under torchrun rank 0 answers, and all ranks apply at one step.
    """

    def __init__(self, **defaults: Value | Knob) -> None:
        """Declare values by their defaults; raises as :meth:`declare`."""
        # Past our __setattr__, which is for hyperparameters alone.
        vars(self).update(_knobs={}, _is_live=False, _changed={})
        for name, default in defaults.items():
            self.declare(name, default)
        # Requests may come for the optimizer first: they wait for what is declared here.
        desk().declare(self)

    def __getstate__(self) -> dict[str, object]:
        return {"knobs": self._knobs, "values": dict(self)}

    def __setstate__(self, state: dict[str, dict]) -> None:
        # A copy has the values; its first update makes it live where the original is not.
        vars(self).update(_knobs=dict(state["knobs"]), _is_live=False, _changed={})
        vars(self).update(state["values"])

    def declare(
        self,
        name: str,
        default: Value | Knob,
        minimum: float | None = None,
        maximum: float | None = None,
    ) -> None:
        """Declare a value, or a declared one anew, before the first update.

        The type of the default, a bool, int, float or str, is the type for good. A number's
        minimum and maximum are allowed themselves. Raises TypeError or ValueError where name,
        default and range cannot be used.
        """
        if not name.isidentifier() or name.startswith("_") or hasattr(type(self), name):
            raise ValueError(f"a hyperparameter cannot be called {name!r}")
        knob = default if isinstance(default, Knob) else Knob(default, minimum, maximum)
        knob.name = name
        self._knobs[name] = knob
        vars(self)[name] = knob.default

    def update(self, step: int) -> dict[str, Value]:
        """Apply what was requested since the last call; call it between two steps.

        A request is applied whole or not at all. ``step`` is the number of the step that
        begins: the same in every rank, and the same again where a training is resumed.

        Returns:
            The values that were set, by name.

        Raises:
            TypeError: the step is no int.
        """
        number = operator.index(step)
        tuning = desk()
        if not self._is_live and not tuning.adopt(self):
            return {}
        tuning.reach("hyperparameters", number)
        changed = self._changed
        if changed:
            vars(self)["_changed"] = {}
        return changed

    def knob(self, name: str) -> Knob:
        """Return what was declared; AttributeError names what is."""
        if name in self._knobs:
            return self._knobs[name]
        known = ", ".join(self._knobs) or "none"
        raise AttributeError(f"no hyperparameter {name!r}; declared: {known}")

    def __getattr__(self, name: str) -> Value:
        if name.startswith("_"):
            # In copying there are no knobs yet to look in.
            raise AttributeError(name)
        self.knob(name)
        return vars(self)[name]

    def __setattr__(self, name: str, value: Value) -> None:
        """Set a declared value; AttributeError or ValueError where it cannot be."""
        vars(self)[name] = self.knob(name).checked(value)

    def __getitem__(self, name: str) -> Value:
        return vars(self)[name] if name in self._knobs else self._knobs[name].default

    def __setitem__(self, name: str, value: Value) -> None:
        vars(self)[name] = self._knobs[name].checked(value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._knobs)

    def __len__(self) -> int:
        return len(self._knobs)

    def __contains__(self, name: object) -> bool:
        return name in self._knobs

    def get(self, name: str, default: Value | None = None) -> Value | None:
        """Return a value by name, or the default where none is declared so."""
        return self[name] if name in self._knobs else default

    def items(self) -> list[tuple[str, Value]]:
        """Return names and values, as of a dict."""
        return [(name, self[name]) for name in self._knobs]

    def keys(self) -> list[str]:
        """Return the declared names; with it ``dict(hp)`` gives all values by name."""
        return list(self._knobs)

    def __repr__(self) -> str:
        return f"Hyperparameters({dict(self)})"
