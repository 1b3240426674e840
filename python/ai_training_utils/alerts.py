"""Tell a person that something happened in a training."""

from __future__ import annotations

import json
import logging
import os
import time

from ai_training_utils.line_file import LineFile
from ai_training_utils.path_helper import PathHelper

_logger = logging.getLogger("ai_training_utils")
_LEVELS = ("info", "warning", "error")
_LONGEST = 500
_files: dict[str, LineFile] = {}


def alert(title: str, text: str = "", level: str = "warning") -> None:
    """Append an alert to ``<logs_directory>/alerts.jsonl``, which the agent makes an event of.

    ``train events`` and the report show it, and ``train wait --until alert`` returns. ``level`` is
    "info", "warning" or "error"; ValueError for another. Of title and text the first 500
    characters count; after 100 alerts of a run the agent stops repeating them.
    """
    if level not in _LEVELS:
        raise ValueError(f"level must be one of {', '.join(_LEVELS)}, not {level!r}")
    record = {
        "time": time.time(),
        "title": str(title)[:_LONGEST],
        "text": str(text)[:_LONGEST],
        "level": level,
    }
    attempt = os.environ.get("AI_TRAINING_ATTEMPT", "").strip()
    if attempt.isdecimal():
        record["attempt"] = int(attempt)
    path = os.path.abspath(os.path.join(PathHelper().logs_directory, "alerts.jsonl"))
    file = _files.setdefault(path, LineFile(path, _logger.warning))
    file.append(json.dumps(record) + "\n")
