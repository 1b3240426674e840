"""What rank 0 decides for all: which requests are taken, and at which step."""

from __future__ import annotations

import math
import time
from typing import Any

from ai_training_utils import _ranks
from ai_training_utils._optimizer_knobs import NotYet
from ai_training_utils._requests import UNSOUND

# All ranks must have read a schedule before its step; they look at each step.
_LEAD_SECONDS, _LEAD_STEPS = 5.0, 2
_PATIENCE_SECONDS = 30.0


class Leader:
    """Schedules the requests of a desk, or refuses them."""

    def __init__(self, desk: Any, ranks: int, step: int) -> None:
        """Remember the desk; the rate of the steps is counted from now on."""
        self._desk = desk
        self._requests = desk.requests
        self._ranks = ranks
        self._began = (time.monotonic(), step)

    def decide(self, step: int, now: float) -> None:
        """Take or refuse each request that is not scheduled yet."""
        for identifier, request in list(self._requests.pending.items()):
            if identifier in self._requests.schedule:
                continue
            expires = request.get("expires")
            if isinstance(expires, (int, float)) and time.time() > expires:
                self._desk.refuse(
                    identifier, "expired", "its time was over before it could be applied"
                )
                continue
            at = request.get("at_step")
            if "withdraw" in request:
                self._withdraw(identifier, request["withdraw"], step + self._lead(step, now))
            elif at is not None and (type(at) is not int or at < step):
                self._desk.refuse(
                    identifier, "refused", f"step {at!r:.60} is over; this is step {step}"
                )
            elif self._ranks > 1 and not _ranks.is_on_one_machine():
                self._desk.refuse(identifier, "refused", "the training runs on several machines")
            else:
                self._propose(identifier, request, step, now)

    def _propose(self, identifier: str, request: dict, step: int, now: float) -> None:
        at = request.get("at_step")
        try:
            if not request.get("checkpoint"):
                self._desk.targets.plan(
                    {**request, "expect": None if at else request.get("expect")}
                )
                self._desk.guards.of(request, step)
        except NotYet as error:
            if now - self._began[0] > _PATIENCE_SECONDS:
                self._desk.refuse(identifier, "refused", str(error))
            return
        except UNSOUND as error:
            self._desk.refuse(identifier, "refused", str(error))
            return
        if (request.get("checkpoint") or request.get("checkpoint_first")) and (
            not self._desk.can_checkpoint
        ):
            reason = "nothing in this program saves a checkpoint on request"
            self._desk.refuse(identifier, "refused", reason)
            return
        at = max(step + self._lead(step, now), at or 0)
        # What happens at once needs no plan that a restart has to know.
        if at == step or self._desk.answer(identifier, "scheduled", step=at):
            self._requests.schedule[identifier] = at

    def _lead(self, step: int, now: float) -> int:
        """Return how many steps ahead a schedule must be, so that every rank reads it in time."""
        if self._ranks == 1:
            return 0
        elapsed, steps = now - self._began[0], step - self._began[1]
        rate = steps / elapsed if elapsed > 0 else 0.0
        return max(_LEAD_STEPS, math.ceil(rate * _LEAD_SECONDS))

    def _withdraw(self, identifier: str, other: Any, latest: int) -> None:
        if not self._requests.is_pending(other, latest):
            self._desk.refuse(identifier, "refused", f"{other!r:.60} is not pending any more")
        elif self._desk.answer(other, "withdrawn"):
            self._requests.end(other)
            self._desk.answer(identifier, "applied", changes={})
            self._requests.end(identifier)
