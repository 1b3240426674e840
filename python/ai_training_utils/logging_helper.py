"""One logger for the training: into ``<logs_directory>/training.log`` and to the console."""

from __future__ import annotations

import logging
import sys
import threading
import time
from contextlib import suppress
from functools import lru_cache
from typing import Any

from ai_training_utils.line_file import LineFile
from ai_training_utils.path_helper import PathHelper


class LoggingHelper:
    """The logger of this training; ``LoggingHelper()`` always returns the same object.

    Every method of a ``logging.Logger`` is there: ``debug`` to ``critical``, ``exception``,
    ``log``, ``setLevel``.
    Info and above go to stdout, debug and above to ``training.log`` (``train.log`` beside it is
    the agent's copy of stdout and stderr), from any thread. A full disk or a closed console costs
    messages, never the training; without a logs directory there is the console alone.
    """

    _instance: LoggingHelper | None = None
    _creation = threading.Lock()

    def __new__(cls) -> LoggingHelper:
        with cls._creation:
            if cls._instance is None:
                helper = super().__new__(cls)
                helper.logger = _configured_logger()
                cls._instance = helper
            return cls._instance

    def __getattr__(self, name: str) -> Any:
        # The logger's own methods, so that a record names the caller's file and line.
        if name == "logger" or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.logger, name)

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return (LoggingHelper, ())

    def __deepcopy__(self, memo: object) -> LoggingHelper:
        return self


class _TrainingLogger(logging.Logger):
    """A logger that ``logging.config`` cannot switch off.

    ``dictConfig`` and ``fileConfig`` set ``disabled`` on every logger that they do not name,
    unless ``disable_existing_loggers`` is false.
    """

    @property
    def disabled(self) -> bool:
        return False

    @disabled.setter
    def disabled(self, value: bool) -> None:
        pass


def _configured_logger() -> logging.Logger:
    logger = logging.getLogger("ai_training_utils")
    # Modules hold this very object, so it changes its class where it stands.
    vars(logger).pop("disabled", None)
    logger.__class__ = _TrainingLogger
    logger.setLevel(logging.DEBUG)
    # The trainer's own logging.basicConfig would print every message a second time.
    logger.propagate = False
    # Nor must a module that a notebook has reloaded.
    for handler in list(logger.handlers):
        if getattr(handler, "belongs_to_logging_helper", False):
            logger.removeHandler(handler)
            handler.close()
    formatter = logging.Formatter(
        "%(asctime)s.%(msecs)03dZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    for handler in (_ConsoleHandler(logging.INFO), _FileHandler()):
        handler.setFormatter(formatter)
        logger.addHandler(handler)
    return logger


class _ConsoleHandler(logging.Handler):
    belongs_to_logging_helper = True

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:
            self.handleError(record)
            return
        try:
            print(line, file=sys.stdout, flush=True)
        except (OSError, ValueError) as error:
            _warn_once(f"cannot log to the console: {error}")


class _FileHandler(logging.Handler):
    belongs_to_logging_helper = True
    _file: LineFile | None = None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            path = PathHelper().logs_directory / "training.log"
            if self._file is None or self._file.path != path:
                # The first message, or the trainer has parsed other arguments since.
                if self._file is not None:
                    self._file.close()
                self._file = LineFile(path, _warn_once)
            line = self.format(record) + "\n"
        except Exception as error:
            # Of a message that cannot be formatted, the console has told.
            _warn_once(f"cannot write training.log: {error}")
            return
        self._file.append(line)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        super().close()


@lru_cache(maxsize=None)
def _warn_once(message: str) -> None:
    # Not through the logger: it is the logger that failed.
    with suppress(OSError, ValueError):
        print(f"ai_training_utils: {message}", file=sys.stderr)
