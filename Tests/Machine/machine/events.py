"""What happens around a machine, in order, with the time since its first start."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable

Listener = Callable[[str], None]


class EventLog:
    """Lines of what happened: kind, then text. Console lines are kept apart, being so many."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.events: list[tuple[float, str]] = []
        self.console: list[tuple[float, str]] = []
        self.listeners: list[Listener] = []
        self._changed = threading.Condition()

    def seconds(self) -> float:
        """Since the machine's first start."""
        return round(time.monotonic() - self.started, 2)

    def add(self, line: str) -> None:
        """Notes an event such as `dhcp 10.0.2.15`."""
        self._note(self.events, line)

    def add_console(self, text: str) -> None:
        """Notes a line of the console, which listeners see as `console TEXT`."""
        self._note(self.console, text, "console ")

    def _note(self, lines: list[tuple[float, str]], text: str, prefix: str = "") -> None:
        with self._changed:
            lines.append((self.seconds(), text))
            self._changed.notify_all()
        for listener in list(self.listeners):
            listener(prefix + text)

    def find(self, pattern: str) -> float | None:
        """When the pattern was first seen, in events and on the console; None if never."""
        times = [at for at, text in self.events if re.search(pattern, text)]
        times += [at for at, text in self.console if re.search(pattern, "console " + text)]
        return min(times) if times else None

    def count(self, pattern: str) -> int:
        """How often it was seen."""
        seen = [text for _, text in self.events] + ["console " + text for _, text in self.console]
        return sum(1 for text in seen if re.search(pattern, text))

    def wait_for(self, pattern: str, timeout: float, count: int = 1) -> bool:
        """Whether the pattern was seen that often, by then."""
        with self._changed:
            return self._changed.wait_for(lambda: self.count(pattern) >= count, timeout)
