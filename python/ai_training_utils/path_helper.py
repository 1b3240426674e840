"""Where the dataset is, where output and logs go: the three directories of a run."""

from __future__ import annotations

import argparse
import builtins
import os
import sys
import threading
from pathlib import Path
from typing import Sequence

_NAMES = ("dataset_directory", "output_directory", "logs_directory")


class PathHelper:
    """The directories of this training; ``PathHelper()`` always returns the same object.

    A directory comes from the command line (``--output_directory D``, ``--output-directory D``,
    either with ``=``), else from the environment (``AI_TRAINING_OUTPUT_DIRECTORY``). Call
    :meth:`parse_arguments` first thing in ``main()``: it fails early. A property read before that
    parses ``sys.argv`` by itself; it raises ValueError where its directory is not known, OSError
    where that is not there or cannot be created.
    """

    _directories: dict[str, Path] | None = None
    _lock = threading.RLock()

    def __new__(cls) -> PathHelper:
        return _shared

    @staticmethod
    def shared() -> PathHelper:
        """Return the one object, as ``PathHelper()`` does."""
        return _shared

    def parse_arguments(self, argv: Sequence[str] | None = None) -> PathHelper:
        """Read the directories from ``argv`` (default: ``sys.argv[1:]``) and the environment.

        Creates the output and the logs directory. The last of several calls counts.

        Returns:
            This object.

        Raises:
            SystemExit: status 2, after a message, as argparse does, where a directory is not
                given, not there, or cannot be created.
            ValueError, OSError: the same in an interactive Python (a notebook, ``python -i``),
                which an exit would end. There, give the arguments:
                ``parse_arguments(["--dataset_directory", "D", …])``.
        """
        parser = _parser()
        with self._lock:
            self._parse(parser, argv)
            for name in _NAMES:
                try:
                    self._directory(name)
                except (ValueError, OSError) as error:
                    if _is_interactive():
                        raise
                    parser.error(str(error))
            return self

    @property
    def dataset_directory(self) -> Path:
        """The directory of the dataset, only to be read from."""
        return self._directory("dataset_directory")

    @property
    def output_directory(self) -> Path:
        """The directory for models and checkpoints; created where missing."""
        return self._directory("output_directory")

    @property
    def logs_directory(self) -> Path:
        """The directory for logs, metrics and TensorBoard events; created where missing."""
        return self._directory("logs_directory")

    @property
    def extra_arguments(self) -> list[str]:
        """The arguments that are not ours, without the first ``--``, for your own argparse."""
        self._parse_if_needed()
        return list(self._extra_arguments)

    @property
    def is_resumed(self) -> bool:
        """Whether there may be earlier work to go on from; no promise of a checkpoint.

        The agent says it in ``AI_TRAINING_RESUMED``, 1 or 0. Without that it is true where
        ``AI_TRAINING_ATTEMPT`` is above 1, or the output directory held anything when the
        arguments were parsed.
        """
        self._parse_if_needed()
        return self._is_resumed

    def __repr__(self) -> str:
        return (
            f"PathHelper({ {name: str(path) for name, path in (self._directories or {}).items()} })"
        )

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return (PathHelper, ())

    def _parse_if_needed(self) -> None:
        with self._lock:
            if self._directories is None:
                self._parse(_parser(), None)

    def _parse(self, parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> None:
        arguments = [str(argument) for argument in (sys.argv[1:] if argv is None else argv)]
        # Cut at "--" by hand: what argparse does with it differs between Python versions.
        cut = arguments.index("--") if "--" in arguments else len(arguments)
        known, extra = parser.parse_known_args(arguments[:cut])
        directories = {}
        for name in _NAMES:
            value = getattr(known, name)
            if value is None:
                value = os.environ.get("AI_TRAINING_" + name.upper())
            if value:
                # Absolute, so that a later os.chdir changes nothing.
                directories[name] = Path(os.path.abspath(os.path.expanduser(value)))
        self._directories = directories
        self._extra_arguments = extra + arguments[cut + 1 :]
        attempt = os.environ.get("AI_TRAINING_ATTEMPT", "").strip()
        said = os.environ.get("AI_TRAINING_RESUMED", "").strip()
        self._is_resumed = said == "1" or (
            said != "0"
            and (
                (attempt.isdecimal() and int(attempt) > 1)
                or _has_entries(directories.get("output_directory"))
            )
        )

    def _directory(self, name: str) -> Path:
        self._parse_if_needed()
        path = self._directories.get(name)
        if path is None:
            raise ValueError(f"no {name}: give --{name} D or set AI_TRAINING_{name.upper()}")
        if name == "dataset_directory":
            if not path.is_dir():
                raise NotADirectoryError(f"--{name}: there is no directory {path}")
            return path
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OSError(f"--{name}: cannot create {path}: {error.strerror}") from error
        return path


_shared: PathHelper = object.__new__(PathHelper)


def _parser() -> argparse.ArgumentParser:
    # No abbreviations and no --help of our own: those are the trainer's.
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for name in _NAMES:
        parser.add_argument("--" + name, "--" + name.replace("_", "-"), metavar="D")
    return parser


def _is_interactive() -> bool:
    # IPython and Jupyter put `get_ipython` beside print; `python -i` sets the prompt.
    return hasattr(sys, "ps1") or hasattr(builtins, "get_ipython") or bool(sys.flags.interactive)


def _has_entries(directory: Path | None) -> bool:
    try:
        return directory is not None and bool(os.listdir(directory))
    except OSError:
        return False
