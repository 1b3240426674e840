"""What goes wrong on request, and the record of what was asked."""

from __future__ import annotations

import re
import threading
import time
from typing import Any

# A fault, as POST /_emu/fail takes it. `match` is a regular expression over "METHOD /path?query".
#   times   how many matching requests it hits (1); skip   how many it lets pass before
#   status  answer this error, with message; delay  wait that many seconds first
#   drop    close the connection without an answer
#   after   take or give that many bytes of the body, then close the connection
#   corrupt change the first byte of the answer's body
Fault = dict[str, Any]


class Faults:
    """The faults to come, the speed limit and the requests so far of one emulator."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        self._waiting: list[Fault] = []
        self._requests: list[dict[str, Any]] = []
        self.bytes_per_second = 0

    def add(self, fault: Fault) -> None:
        """An empty fault takes back all that wait."""
        with self._lock:
            if fault.get("match"):
                re.compile(fault["match"])
                self._waiting.append({"times": 1, **fault})
            else:
                self._waiting.clear()

    def next_for(self, line: str) -> Fault:
        """The fault that hits this request; empty if none does."""
        with self._lock:
            for fault in self._waiting:
                if fault["times"] > 0 and re.search(fault["match"], line):
                    if fault.get("skip", 0) > 0:
                        fault["skip"] -= 1
                        continue
                    fault["times"] -= 1
                    return fault
        return {}

    def record(self, request: dict[str, Any]) -> None:
        with self._lock:
            self._requests.append(request)

    def requests(self, clear: bool = False) -> list[dict[str, Any]]:
        with self._lock:
            seen = list(self._requests)
            if clear:
                self._requests.clear()
            return seen

    def brake(self, size: int) -> None:
        """Waits as long as `size` bytes take at the speed limit."""
        if self.bytes_per_second:
            time.sleep(size / self.bytes_per_second)

    def piece(self) -> int:
        """How much to read or write at a time."""
        if self.bytes_per_second:
            return max(4096, min(1 << 20, self.bytes_per_second // 20))
        return 1 << 20
