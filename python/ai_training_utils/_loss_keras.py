"""The losses and steps of Keras, whose optimizers are its own on every backend."""

from __future__ import annotations

import functools
import time
from types import ModuleType
from typing import Any

from ai_training_utils._observer_file import observer_file
from ai_training_utils._tuning import desk

_BLIND = "keras: its optimizers are its own; `ai_training_utils.keras` makes them tunable"


class _Count:
    batches = 0


def install(module: ModuleType) -> None:
    """Wrap ``CallbackList``, which is told of every batch and epoch."""
    desk().blind.append(_BLIND)
    callbacks = module.CallbackList
    batch_end, epoch_end = callbacks.on_train_batch_end, callbacks.on_epoch_end

    @functools.wraps(batch_end)
    def on_train_batch_end(self: Any, batch: Any, logs: Any = None) -> Any:
        _Count.batches += 1
        if time.monotonic() >= observer_file.next_write:
            _note(logs, ("loss",))
        return batch_end(self, batch, logs)

    @functools.wraps(epoch_end)
    def on_epoch_end(self: Any, epoch: Any, logs: Any = None) -> Any:
        _note(logs, ("loss", "val_loss"))
        return epoch_end(self, epoch, logs)

    callbacks.on_train_batch_end, callbacks.on_epoch_end = on_train_batch_end, on_epoch_end


def _note(logs: Any, names: tuple) -> None:
    try:
        for name in names:
            if logs and name in logs:
                observer_file.note(name, logs[name], _Count.batches)
        if time.monotonic() >= observer_file.next_write:
            observer_file.write(_Count.batches, time.monotonic())
    except Exception:
        # What cannot be read is not worth a training.
        return
