"""What was asked of this training, and how far each request has come, as the journal says."""

from __future__ import annotations

import math
from typing import Any

# What a line can raise that is not of the agent or this library: the training may write there too.
UNSOUND = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

_ENDS = ("applied", "refused", "expired", "withdrawn")


class Requests:
    """The requests that are not ended, and the steps for which they are scheduled."""

    def __init__(self) -> None:
        self.pending: dict[str, dict[str, Any]] = {}
        self.schedule: dict[str, int] = {}
        # Changes whose guard has decided.
        self.judged: set[str] = set()
        self._ended: set[str] = set()

    def read(self, line: dict[str, Any], is_live: bool) -> None:
        """Take note of one line of the journal.

        ``is_live`` says that it was written while this process trains, and not before it.
        """
        identifier, state = line["id"], line["state"]
        if state == "delivered":
            request = line.get("request")
            if isinstance(request, dict) and identifier not in self._ended:
                self.pending.setdefault(identifier, request)
        elif state == "scheduled":
            if type(line.get("step")) is int:
                self.schedule.setdefault(identifier, line["step"])
        elif state in ("kept", "reverted"):
            self.judged.add(identifier)
        elif state == "saved" and identifier in self.pending:
            self.pending[identifier]["checkpoint_first"] = False
        elif state in _ENDS:
            # Rank 0 may have come to the step first: this rank does the same when it gets there.
            is_to_come = is_live and identifier in self.schedule
            if state == "withdrawn" or not is_to_come:
                self.end(identifier)

    def end(self, identifier: str) -> None:
        """Forget a request for good."""
        self.pending.pop(identifier, None)
        self.schedule.pop(identifier, None)
        self._ended.add(identifier)

    def due(self, step: int) -> list[str]:
        """Return what is scheduled for a step or an earlier one, in the order of the steps."""
        scheduled = sorted(self.schedule.items(), key=lambda item: item[1])
        return [name for name, at in scheduled if at <= step and name in self.pending]

    def steps(self) -> list[int]:
        """Return the steps for which something is scheduled."""
        return [at for name, at in self.schedule.items() if name in self.pending]

    def is_pending(self, identifier: Any, after: int) -> bool:
        """Whether a request is still to come, at a later step than the one given."""
        is_known = isinstance(identifier, str) and identifier in self.pending
        return is_known and self.schedule.get(identifier, math.inf) > after
