"""Looks at each ``step`` of PyTorch's optimizers: which it is, how long it took, at which rates.

It wraps ``Optimizer.profile_hook_step``, with which PyTorch itself wraps the ``step`` of every
subclass. The global hooks that it offers would leave a changed rate behind where ``step`` raises.
"""

from __future__ import annotations

import functools
import itertools
import sys
import threading
import time
from types import ModuleType
from typing import Any, Callable

from ai_training_utils import _checkpoint_notes, _ranks
from ai_training_utils._observer_file import observer_file
from ai_training_utils._optimizer_knobs import apply, put_back
from ai_training_utils._tuning import desk

_KEY = "_ai_training_seen"
_MOST_GROUPS = 8
_clock = time.monotonic


class Seen:
    """One optimizer: how many steps it has made, and what is changed for the time of one."""

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer
        self.steps, self.is_exact = _steps_before(optimizer)
        self.version = 0
        self.overrides: list[tuple] = []


class Watch(threading.local):
    """The optimizers whose ``step`` is running in this thread."""

    running: tuple = ()


class Counter:
    """The step of the training: of several optimizers the one that has made the most."""

    step = 0
    is_exact = True
    # Of time.monotonic(), at the end of the last step.
    now = 0.0
    is_broken = False


_watch = Watch()
_counter = Counter()


def install(module: ModuleType) -> None:
    """Wrap the ``step`` of every optimizer that is made from now on."""
    optimizer_class = module.Optimizer
    original = optimizer_class.profile_hook_step

    @functools.wraps(original)
    def profile_hook_step(function: Callable) -> Callable:
        return _observed(original(function))

    optimizer_class.profile_hook_step = staticmethod(profile_hook_step)


def _observed(step: Callable) -> Callable:
    @functools.wraps(step)
    def observed(*args: Any, **kwargs: Any) -> Any:
        running = _watch.running
        # A subclass calls the step that it overrides; a wrapper that of another optimizer over
        # the same groups: one step, which is counted and changed once.
        if _counter.is_broken or not args or (running and _is_inner(running, args[0])):
            return step(*args, **kwargs)
        undo = _begin(args[0])
        _watch.running = (*running, args[0])
        try:
            result = step(*args, **kwargs)
        finally:
            _watch.running = running
            if undo:
                _put_back(undo)
        _end(args[0])
        return result

    return observed


def _is_inner(running: tuple, optimizer: Any) -> bool:
    groups = {id(group) for outer in running for group in outer.param_groups}
    return any(id(group) in groups for group in optimizer.param_groups)


def _begin(optimizer: Any) -> list:
    """Let the desk make what is due; return what undoes the changes for this step."""
    try:
        seen = optimizer.__dict__.get(_KEY) or _seen(optimizer)
        tuning = desk()
        step = _counter.step
        # The time of the last step's end is as good, and costs nothing.
        if step >= tuning.due or _counter.now >= tuning.next_look or tuning.ranks > 1:
            tuning.reach("optimizer", step, _counter.is_exact)
        knobs = tuning.targets.optimizers
        if seen.version != knobs.version:
            seen.version, seen.overrides = knobs.version, knobs.in_force(optimizer)
        return apply(optimizer, seen.overrides) if seen.overrides else []
    except Exception as error:
        _break(error)
        return []


def _put_back(undo: list) -> None:
    try:
        put_back(undo)
    except Exception as error:
        _break(error)


def _end(optimizer: Any) -> None:
    try:
        seen = optimizer.__dict__[_KEY]
        seen.steps += 1
        if seen.steps > _counter.step:
            _counter.step = observer_file.latest_step = seen.steps
        now = _counter.now = _clock()
        if now >= observer_file.next_write:
            _note_rates(optimizer, seen)
            observer_file.write(_counter.step, now)
    except Exception as error:
        _break(error)


def _seen(optimizer: Any) -> Seen:
    seen = optimizer.__dict__[_KEY] = Seen(optimizer)
    known = desk().targets.optimizers
    # One per parameter (a step in backward) would make a list that nobody addresses.
    if len(known.optimizers) < 100:
        known.optimizers.append(optimizer)
        known.version += 1
    if seen.steps > _counter.step:
        _counter.step = seen.steps
    _counter.is_exact = _counter.is_exact and seen.is_exact
    return seen


def _steps_before(optimizer: Any) -> tuple[int, bool]:
    """Return how many steps were made before, and whether that is known."""
    steps = 0
    # They differ little, and each look may wait for a GPU.
    for state in itertools.islice(optimizer.state.values(), 64):
        # A step that PyTorch keeps is a number or a tensor of one.
        step = state.get("step") if isinstance(state, dict) else None
        steps = max(steps, int(step)) if step is not None else steps
    noted = _checkpoint_notes.loaded_step()
    if steps == 0 and noted is not None:
        return noted, True
    return steps, steps > 0 or _counter.step > 0 or _ranks.attempt() == 1


def _note_rates(optimizer: Any, seen: Seen) -> None:
    factors = {field: value for field, kind, value in seen.overrides if kind == "factor"}
    for number, group in enumerate(optimizer.param_groups[:_MOST_GROUPS]):
        rate = group.get("lr")
        if rate is None:
            continue
        name = "lr" if number == 0 else f"lr_group{number}"
        observer_file.note(name, float(rate) * factors.get("lr", 1.0), _counter.step)
    if "lr" in factors:
        observer_file.note("lr_scale", factors["lr"], _counter.step)


def _break(error: Exception) -> None:
    _counter.is_broken = True
    sys.stderr.write(f"train: the observer has ended: {type(error).__name__}: {error}\n")


def step() -> int:
    """Return how many steps the training has made."""
    return _counter.step
