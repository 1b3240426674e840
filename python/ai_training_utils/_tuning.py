"""Where requests become changes: at a step of the training, whole, once, and again on resume."""

from __future__ import annotations

import logging
import math
import os
import threading
import time
import weakref
from typing import Any

from ai_training_utils import _ranks
from ai_training_utils._changes import Targets, reversed_changes
from ai_training_utils._guard import Guard, Guards
from ai_training_utils._journal import NAME, Journal
from ai_training_utils._knobs_file import KnobsFile
from ai_training_utils._leader import Leader
from ai_training_utils._optimizer_knobs import NotYet
from ai_training_utils._replay import Replay
from ai_training_utils._requests import UNSOUND, Requests
from ai_training_utils.path_helper import PathHelper

_logger = logging.getLogger("ai_training_utils")

# Who says which step it is; the more a clock knows of the training, the more it counts.
CLOCKS = {"optimizer": 1, "keras": 2, "huggingface": 2, "lightning": 2, "hyperparameters": 3}
_LOOK_SECONDS = 0.25


class Desk:
    """Takes requests from the journal and answers them there; :func:`desk` gives the one."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._holders: list[weakref.ref] = []
        self.targets = Targets(self.holders)
        self.clock = ""
        self.step = 0
        self.is_silent = False
        self.can_checkpoint = False
        self.checkpoint_id: str | None = None
        self.blind: list[str] = []
        self._journal: Journal | None = None
        self.ranks = 1
        self.requests = Requests()
        self.guards = Guards()
        self._leader: Leader | None = None
        self._replay = Replay()
        # Before this step and this time.monotonic() of one process alone nothing is to be done.
        self.due = -math.inf
        self.next_look = 0.0

    def holders(self) -> list[Any]:
        """Return the live ``Hyperparameters``, the newest last."""
        return [holder for holder in (known() for known in self._holders) if holder is not None]

    def declare(self, holder: Any) -> None:
        """Make a ``Hyperparameters`` live: requests change it from now on."""
        self._holders = [known for known in self._holders if known() is not None]
        self._holders.append(weakref.ref(holder))
        vars(holder)["_is_live"] = True

    def adopt(self, copy: Any) -> bool:
        """Make a copy live where no original of it is, such as in a process that got it."""
        if any(name in holder for holder in self.holders() for name in copy):
            return False
        self.declare(copy)
        return True

    def reach(self, clock: str, step: int, is_exact: bool = True) -> None:
        """Make what is due at the step that begins; raises nothing.

        ``is_exact`` says whether the step's number goes on from where a checkpoint was made.
        """
        if clock != self.clock:
            if CLOCKS[clock] < CLOCKS.get(self.clock, 0):
                return
            self.clock = clock
            self.due = -math.inf
        self.step = step
        if self.is_silent:
            return
        if step < self.due and time.monotonic() < self.next_look and not self._hears():
            return
        with self._lock:
            try:
                self._work(step, is_exact)
            except Exception as error:
                # Tuning is lost then, and not the training.
                self.is_silent = True
                _logger.warning(
                    "nothing can be tuned any more: %s: %s", type(error).__name__, error
                )

    def _hears(self) -> bool:
        # Each rank at each step, so that all of them know of a schedule before its step.
        return self.ranks > 1 and self._journal is not None and self._journal.has_news()

    def _work(self, step: int, is_exact: bool) -> None:
        if self._journal is None:
            if not _ranks.claim():
                self.is_silent = True
                return
            self._open(step)
        now = time.monotonic()
        for line in self._journal.new_lines():
            self.requests.read(line, is_live=True)
        for entry, exact in self._replay.due(self.clock, step, is_exact):
            try:
                self._make_again(entry, step, exact)
            except UNSOUND as error:
                _logger.warning("tuning %.60r is not applied again: %s", entry["id"], error)
        if self._leader:
            self._leader.decide(step, now)
        for identifier in self.requests.due(step):
            self._perform(identifier, step)
        self._judge(step)
        self._keep(self.targets.advance(step))
        if self._leader:
            self._knobs.write_if_old(self, now)
        self.next_look = now + _LOOK_SECONDS
        steps = self.requests.steps() + self._replay.steps(self.clock)
        self.due = (
            -math.inf
            if self.targets.ramps or self.guards.is_active
            else min(steps, default=math.inf)
        )

    def _make_again(self, entry: dict[str, Any], step: int, is_exact: bool) -> None:
        begins = entry["step"] if is_exact else -math.inf
        self._keep(self.targets.apply(entry["changes"], begins))
        self.answer(entry["id"], "replayed", exact=is_exact)
        if entry.get("guard") and entry["id"] not in self.requests.judged:
            # What takes it back must be sound too.
            reversed_changes(entry["changes"])
            guard = Guard.of_record(entry["guard"], step)
            self.guards.begin(entry["id"], guard, entry["changes"])

    def _open(self, step: int) -> None:
        logs = os.environ.get("AI_TRAINING_LOGS_DIRECTORY") or str(PathHelper().logs_directory)
        self._journal = Journal(os.path.join(logs, NAME))
        self._knobs = KnobsFile(logs)
        self.ranks = _ranks.count()
        self.guards.ranks = self.ranks
        self._leader = Leader(self, self.ranks, step) if _ranks.rank() == 0 else None
        for line in self._journal.new_lines():
            self.requests.read(line, is_live=False)
            if line["state"] in ("applied", "reverted"):
                self._replay.add(line)

    def _perform(self, identifier: str, step: int) -> None:
        request = self.requests.pending[identifier]
        at = self.requests.schedule[identifier]
        if request.get("checkpoint") or request.get("checkpoint_first"):
            # Whoever saves calls `checkpoint_done`, one request after the other.
            self.checkpoint_id = self.checkpoint_id or identifier
            return
        try:
            changes = self.targets.plan(request)
            guard = self.guards.of(request, step)
        except (NotYet, *UNSOUND) as error:
            self.refuse(identifier, "refused", str(error))
            return
        more = {"guard": guard.record()} if guard else {}
        is_written = self.answer(identifier, "applied", changes=changes, **more)
        if not is_written and self.ranks == 1:
            # Without its line it would be lost in a restart: again when the disk has room.
            return
        self.requests.end(identifier)
        if at < step and self.ranks > 1:
            _logger.warning("tuning %s came to this rank late, at step %d", identifier, step)
        self._keep(self.targets.apply(changes, step))
        self.guards.begin(identifier, guard, changes)

    def _judge(self, step: int) -> None:
        for identifier, state, reason, changes in self.guards.verdicts(step):
            back = reversed_changes(changes) if state == "reverted" else {}
            if self.answer(identifier, state, reason=reason, changes=back):
                self.guards.end(identifier)
                self._keep(self.targets.apply(back, step))

    def _keep(self, values: dict[str, Any]) -> None:
        for holder in self.holders():
            for name, value in values.items():
                if name in holder:
                    vars(holder).setdefault("_changed", {})[name] = value

    def checkpoint_done(self, path: str) -> None:
        """Answer the request for a checkpoint; called by whoever has saved it."""
        with self._lock:
            identifier, self.checkpoint_id = self.checkpoint_id, None
            request = self.requests.pending.get(identifier or "", {})
            if request.get("checkpoint"):
                self.answer(identifier, "applied", path=path)
                self.requests.end(identifier)
            elif identifier:
                self.answer(identifier, "saved", path=path)
                # The change itself is made at the next step.
                self.requests.pending[identifier] = {**request, "checkpoint_first": False}

    def refuse(self, identifier: str, state: str, reason: str) -> None:
        """End a request without a change."""
        if self.answer(identifier, state, reason=reason):
            self.requests.end(identifier)

    def answer(self, identifier: str, state: str, **more: Any) -> bool:
        """Write one state of a request; return whether the disk took it. Of rank 0 alone."""
        if self._leader is None:
            return True
        line = {"time": time.time(), "id": identifier, "state": state}
        line["attempt"] = _ranks.attempt()
        line.update({"clock": self.clock, "step": self.step, **more})
        if state in ("applied", "refused", "expired"):
            self._knobs.is_old = True
        return self._journal.append(line)


_desk = Desk()


def desk() -> Desk:
    """Return the desk of this process."""
    return _desk


def _after_fork() -> None:
    # A forked worker of a data loader must not answer for the training.
    _desk._lock = threading.RLock()
    _desk.is_silent = _desk.is_silent or _desk._journal is not None


os.register_at_fork(after_in_child=_after_fork)
