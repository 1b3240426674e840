"""One hyperparameter: its type, its range, its choices."""

from __future__ import annotations

import math
from typing import Any, Sequence, Union

Value = Union[bool, int, float, str]

_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


class Knob:
    """A value typed by its default, with an optional range or choices."""

    def __init__(
        self,
        default: Value,
        minimum: float | None = None,
        maximum: float | None = None,
        choices: Sequence[Value] | None = None,
    ) -> None:
        """Raise TypeError or ValueError where default, range and choices do not fit."""
        default = plain(default)
        self.name = "the default"
        self.type = type(default)
        if self.type not in (bool, int, float, str):
            raise TypeError(f"a hyperparameter must be a bool, int, float or str, not {default!r}")
        if self.type in (bool, str) and (minimum is not None or maximum is not None):
            raise TypeError(f"a {self.type.__name__} can have no range: {default!r}")
        self.minimum = -math.inf if minimum is None else minimum
        self.maximum = math.inf if maximum is None else maximum
        self.choices = None if choices is None else tuple(choices)
        self.default: Value = self.checked(default)

    def checked(self, value: Any) -> Value:
        """Return the value in this knob's type.

        A command line knows no types, so text is read as the knob's type: "1e-4" as a float.

        Raises:
            ValueError: it cannot be taken for this type, is out of range or not finite.
        """
        converted = _converted(plain(value), self.type)
        if converted is None:
            advice = ""
            if self.type is int and isinstance(plain(value), float):
                advice = f"; declare it with a decimal point ({self.name}=1.0) for fractions"
            raise ValueError(
                f"{self.name} is {_article(self.type)}, not {repr(value)[:60]}{advice}"
            )
        if self.type in (int, float) and not self.minimum <= converted <= self.maximum:
            bounds = f"{self.minimum} to {self.maximum}"
            raise ValueError(f"{self.name} must be {bounds}, not {converted}")
        if self.choices is not None and converted not in self.choices:
            names = ", ".join(map(repr, self.choices))
            raise ValueError(f"{self.name} must be one of {names}, not {repr(converted)[:60]}")
        return converted

    def description(self, value: Value) -> dict[str, Any]:
        """Return what ``knobs.json`` says of it; JSON knows no infinity, so no bound is None."""
        return {
            "type": self.type.__name__,
            "value": value,
            "default": self.default,
            "minimum": self.minimum if math.isfinite(self.minimum) else None,
            "maximum": self.maximum if math.isfinite(self.maximum) else None,
            "choices": self.choices,
            "source": "declared",
        }


def Float(default: float, min: float | None = None, max: float | None = None) -> Knob:
    """Declare a number; ``min`` and ``max`` are allowed themselves."""
    return Knob(float(default), min, max)


def Int(default: int, min: int | None = None, max: int | None = None) -> Knob:
    """Declare a whole number; ``min`` and ``max`` are allowed themselves."""
    return Knob(int(default), min, max)


def Choice(default: Value, *others: Value) -> Knob:
    """Declare one of several values, the first of which is the default."""
    return Knob(default, choices=(default, *others))


def _article(kind: type) -> str:
    return f"an {kind.__name__}" if kind is int else f"a {kind.__name__}"


def _converted(value: Any, kind: type) -> Value | None:
    if kind is str:
        return value if isinstance(value, str) else None
    if kind is bool:
        value = _WORDS.get(value.strip().lower()) if isinstance(value, str) else value
        return value if isinstance(value, bool) else None
    # A bool is an int to Python, and never meant as one here.
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        if kind is int and not isinstance(value, float):
            return int(value)
        number = float(value)
    except (ValueError, OverflowError):
        return None
    if kind is int:
        return int(number) if number.is_integer() else None
    return number if math.isfinite(number) else None


def plain(value: Any) -> Any:
    """Turn an array or tensor of one element, of whatever library, into Python's number."""
    try:
        return value.item() if callable(getattr(value, "item", None)) else value
    except (TypeError, ValueError, RuntimeError):
        return value
