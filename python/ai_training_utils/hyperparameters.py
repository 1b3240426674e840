"""Hyperparameters that can be changed from outside while the training runs."""

from __future__ import annotations

import logging
import operator
import os
import threading
from typing import Iterator

from ai_training_utils.knob import Knob, Value
from ai_training_utils.path_helper import PathHelper
from ai_training_utils.tuning_file import TuningFile

_logger = logging.getLogger("ai_training_utils")


class Hyperparameters:
    """Named values, typed by their defaults, that ``train tune`` changes at safe points.

        hp = Hyperparameters(learning_rate=1e-3, batch_size=64, use_augmentation=True)
        hp.declare("dropout", 0.1, minimum=0.0, maximum=0.9)
        for step, batch in enumerate(batches):
            if "learning_rate" in hp.update(step):
                set_learning_rate(optimizer, hp.learning_rate)

    Requests are lines ``{"id": int, "name": str, "value": any}`` appended to the file that
    ``AI_TRAINING_TUNING_FILE`` names, else ``<logs_directory>/tuning.jsonl``. Each is answered
    once by a line ``{"id", "name", "value", "step", "time", "accepted", "reason"}`` in
    ``<logs_directory>/tuning_ack.jsonl``. After a restart the first :meth:`update` applies again
    what was accepted, with no second answer. Under torchrun all processes read, rank 0 answers.
    """

    def __init__(self, **defaults: Value) -> None:
        """Declare values by their defaults; raises as :meth:`declare`."""
        # Past our __setattr__, which is for hyperparameters alone.
        vars(self).update(_knobs={}, _lock=threading.Lock(), _file=None)
        for name, default in defaults.items():
            self.declare(name, default)

    def declare(
        self,
        name: str,
        default: Value,
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
        self._knobs[name] = Knob(name, default, minimum, maximum)

    def update(self, step: int) -> dict[str, Value]:
        """Apply what was requested since the last call; call it between two steps.

        Without a request it costs one look at a file's size. One that is unknown, of the wrong
        type or out of range is refused. ``step`` is the next step's number, for the answers.

        Returns:
            The values that were set, by name.

        Raises:
            TypeError, ValueError: the step is no int; no logs directory is known.
        """
        number = operator.index(step)
        with self._lock:
            if self._file is None:
                vars(self).update(_file=_tuning_file())
            changed: dict[str, Value] = {}
            for request in self._file.new_requests():
                name, value, reason = request.get("name"), request.get("value"), ""
                try:
                    knob = self._knob(name)
                    value = knob.value = changed[name] = knob.checked(value)
                    _logger.info("tuning: %s = %r from step %d on", name, value, number)
                except (AttributeError, ValueError) as error:
                    reason = str(error)
                    _logger.warning("tuning request %d is refused: %s", request["id"], reason)
                self._file.answer(request, value, number, reason)
            self._file.write_answers()
            return changed

    def _knob(self, name: object) -> Knob:
        if isinstance(name, str) and name in self._knobs:
            return self._knobs[name]
        known = ", ".join(self._knobs) or "none"
        raise AttributeError(f"no hyperparameter {name!r}; declared: {known}")

    def __getattr__(self, name: str) -> Value:
        if name.startswith("_"):
            # In copying there are no knobs yet to look in.
            raise AttributeError(name)
        return self._knob(name).value

    def __setattr__(self, name: str, value: Value) -> None:
        """Set a declared value; AttributeError or ValueError where it cannot be."""
        knob = self._knob(name)
        knob.value = knob.checked(value)

    def __getitem__(self, name: str) -> Value:
        return self._knobs[name].value

    def __setitem__(self, name: str, value: Value) -> None:
        self._knobs[name].value = self._knobs[name].checked(value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._knobs)

    def keys(self) -> list[str]:
        """Return the declared names; with it ``dict(hp)`` gives all values by name."""
        return list(self._knobs)

    def __repr__(self) -> str:
        return f"Hyperparameters({dict(self)})"


def _tuning_file() -> TuningFile:
    logs = PathHelper().logs_directory
    return TuningFile(
        os.environ.get("AI_TRAINING_TUNING_FILE") or str(logs / "tuning.jsonl"),
        str(logs / "tuning_ack.jsonl"),
        is_answering=os.environ.get("RANK", "0") == "0",
    )
