"""One hyperparameter: its value, its type and its range."""

from __future__ import annotations

import math
from typing import Any, Union

Value = Union[bool, int, float, str]

_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


class Knob:
    """A value typed by its default, with an optional range; see ``Hyperparameters.declare``."""

    def __init__(
        self, name: str, default: Value, minimum: float | None, maximum: float | None
    ) -> None:
        """Raise TypeError or ValueError where default and range do not fit."""
        default = plain(default)
        self.name = name
        self.type = type(default)
        if self.type not in (bool, int, float, str):
            raise TypeError(f"{name} must be a bool, int, float or str, not {default!r}")
        if self.type in (bool, str) and (minimum is not None or maximum is not None):
            raise TypeError(f"{name} is a {self.type.__name__} and can have no range")
        self.minimum = -math.inf if minimum is None else minimum
        self.maximum = math.inf if maximum is None else maximum
        self.value: Value = self.checked(default)

    def checked(self, value: Any) -> Value:
        """Return the value in this knob's type.

        A command line knows no types, so text is read as the knob's type: "1e-4" as a float.

        Raises:
            ValueError: it cannot be taken for this type, is out of range or not finite.
        """
        converted = _converted(plain(value), self.type)
        if converted is None:
            raise ValueError(f"{self.name} is a {self.type.__name__}, not {repr(value)[:60]}")
        if self.type in (int, float) and not self.minimum <= converted <= self.maximum:
            bounds = f"{self.minimum} to {self.maximum}"
            raise ValueError(f"{self.name} must be {bounds}, not {converted}")
        return converted


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
