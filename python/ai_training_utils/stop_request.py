"""Notice that the run is asked to stop, and leave the training at a safe point."""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType
from typing import Any, Callable


class StopRequest:
    """True once the run is asked to stop; ``StopRequest()`` always returns the same object.

        stop = StopRequest()
        for step, batch in enumerate(batches):
            train(batch)
            if stop:
                save_checkpoint()
                break

    ``train stop``, a deadline and a machine that is taken back all reach a trainer as SIGTERM,
    which ends a Python process on the spot: no ``finally``, no ``atexit``, no checkpoint. The
    first ``StopRequest()`` replaces that by a flag. After the grace (``--grace_seconds``) the
    process is killed. SIGINT keeps its meaning.

    The first call must come from the main thread; see :func:`signal.signal`.
    """

    _instance: StopRequest | None = None

    def __new__(cls) -> StopRequest:
        """Return the one object; RuntimeError where the first call is in another thread."""
        if cls._instance is None:
            if threading.current_thread() is not threading.main_thread():
                raise RuntimeError("the first StopRequest() must be made in the main thread")
            request = super().__new__(cls)
            request._is_requested = False
            request._former = signal.signal(signal.SIGTERM, request._request)
            cls._instance = request
        return cls._instance

    @property
    def is_requested(self) -> bool:
        """Whether the training is to end."""
        return self._is_requested

    @property
    def exit_status(self) -> int:
        """The status to exit with after a stop: 143, as a shell reports SIGTERM."""
        return 128 + signal.SIGTERM

    def wait(self, seconds: float) -> None:
        """Wait for the time given in seconds, or until the request, whichever is first."""
        deadline = time.monotonic() + seconds
        while not self._is_requested and time.monotonic() < deadline:
            time.sleep(min(0.05, max(0.0, deadline - time.monotonic())))

    def __bool__(self) -> bool:
        return self._is_requested

    def __repr__(self) -> str:
        return f"StopRequest(is_requested={self._is_requested})"

    def __reduce__(self) -> tuple[Callable[[], Any], tuple[()]]:
        # A copy in a worker process is that process's own request.
        return (StopRequest, ())

    def __deepcopy__(self, memo: object) -> StopRequest:
        return self

    def _request(self, number: int, frame: FrameType | None) -> None:
        self._is_requested = True
        # A framework that listened first still gets to know.
        if callable(self._former):
            self._former(number, frame)
