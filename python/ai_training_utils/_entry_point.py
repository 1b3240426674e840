"""Lightning's callback without a line of the trainer: by the entry point that Lightning reads."""

from __future__ import annotations

from importlib.metadata import Distribution
from typing import Any

NAME = "ai-training-utils-observer"
_FACTORY = "ai_training_utils.lightning:observed_callbacks"


class ObserverDistribution(Distribution):
    """A package that is installed nowhere, and there only while the observer is."""

    def read_text(self, filename: str) -> str | None:
        """Return one of its two files."""
        groups = ("lightning.pytorch.callbacks_factory", "pytorch_lightning.callbacks_factory")
        lines = [f"[{group}]\nai_training_utils = {_FACTORY}\n" for group in groups]
        files = {
            "METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1\n",
            "entry_points.txt": "\n".join(lines),
        }
        return files.get(filename)

    def locate_file(self, path: Any) -> Any:
        """Return the path as it is: there are no files."""
        return path


def distributions(context: Any) -> list[Distribution]:
    """Return the package where it is asked for, as ``importlib.metadata`` asks its finders."""
    wanted = getattr(context, "name", None)
    return [ObserverDistribution()] if wanted in (None, NAME) else []
