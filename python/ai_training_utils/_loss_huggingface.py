"""The losses that Hugging Face's Trainer logs."""

from __future__ import annotations

import functools
import time
from types import ModuleType
from typing import Any

from ai_training_utils._observer_file import observer_file

_NAMES = ("loss", "eval_loss", "grad_norm")


def install(module: ModuleType) -> None:
    """Wrap ``CallbackHandler.on_log``, which gets all that the Trainer logs."""
    handler = module.CallbackHandler
    original = handler.on_log

    @functools.wraps(original)
    def on_log(self: Any, args: Any, state: Any, control: Any, logs: Any) -> Any:
        _note(state, logs)
        return original(self, args, state, control, logs)

    handler.on_log = on_log


def _note(state: Any, logs: Any) -> None:
    try:
        for name in _NAMES:
            if name in logs:
                observer_file.note(name, logs[name], state.global_step)
        if time.monotonic() >= observer_file.next_write:
            observer_file.write(state.global_step, time.monotonic())
    except Exception:
        # What cannot be read is not worth a training.
        return
