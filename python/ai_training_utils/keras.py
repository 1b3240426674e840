"""For Keras 3: tune it, save the model on request, and leave when the run is asked to stop."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import keras

from ai_training_utils._tuning import desk
from ai_training_utils.atomic_file import atomic_path
from ai_training_utils.stop_request import StopRequest


class SteeringCallback(keras.callbacks.Callback):
    """Makes ``train tune``, ``train checkpoint`` and ``train stop`` work at Keras' batches.

        stopped = paths.output_directory / "stopped.keras"
        model = keras.models.load_model(stopped) if stopped.exists() else build_model()
        model.fit(..., callbacks=[SteeringCallback(stopped)])

    The learning rate is changed for the time of a batch and put back after it, where it is a
    number and no schedule. After the batch in which a request to stop arrives the whole model,
    optimizer state included, is saved and the process leaves with 143. ``fit`` does not return, so
    that a BackupAndRestore beside it keeps its backup of the last epoch.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        """Remember the path, which ends in ``.keras``; in the main thread, as StopRequest says."""
        super().__init__()
        if not os.fspath(path).endswith(".keras"):
            raise ValueError(f"the path must end in .keras, not {os.fspath(path)!r}")
        self._path = Path(path)
        self._stop = StopRequest()
        self._step = 0
        self._undo: tuple[float, float] | None = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Find the optimizer, and the step that a saved one has come to."""
        desk().can_checkpoint = True
        self._step = int(self.model.optimizer.iterations)
        self._rates = _Rates(self.model.optimizer)
        desk().targets.optimizers.optimizers[:] = [self._rates]

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Make the changes that are due at this step."""
        desk().reach("keras", self._step)
        overrides = desk().targets.optimizers.in_force(self._rates)
        self._undo = self._rates.change(overrides) if overrides else None

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Put the rate back; save where that was asked for, and leave after a request to stop."""
        self._rates.put_back(self._undo)
        self._step += 1
        if desk().checkpoint_id is not None:
            path = self._path.with_name(f"requested-{self._step}.keras")
            self._save(path)
            desk().checkpoint_done(str(path))
        if self._stop:
            self._save(self._path)
            raise SystemExit(self._stop.exit_status)

    def _save(self, path: Path) -> None:
        with atomic_path(path) as temporary:
            self.model.save(temporary)


class _Rates:
    """A Keras optimizer as one group of values, as PyTorch's optimizers have groups."""

    def __init__(self, optimizer: Any) -> None:
        self._optimizer = optimizer
        self.param_groups = [self]
        self.kind = f"keras {type(optimizer).__name__}"

    def get(self, field: str) -> float | None:
        """Return the learning rate, where it is a number that can be set."""
        rate = self._optimizer._learning_rate
        is_schedule = isinstance(rate, keras.optimizers.schedules.LearningRateSchedule)
        return None if field != "lr" or is_schedule else float(rate)

    def __getitem__(self, field: str) -> float | None:
        return self.get(field)

    def change(self, overrides: list[tuple]) -> tuple[float, float] | None:
        """Set what is in force; return the planned rate, and what Keras made of the one set."""
        planned = self.get("lr")
        for field, kind, value in overrides:
            if field == "lr" and planned is not None:
                self._optimizer.learning_rate = value if kind == "pin" else planned * value
                return planned, float(self._optimizer.learning_rate)
        return None

    def put_back(self, undo: tuple[float, float] | None) -> None:
        """Set the planned rate, unless another callback has set one meanwhile."""
        if undo is not None and self.get("lr") == undo[1]:
            self._optimizer.learning_rate = undo[0]
