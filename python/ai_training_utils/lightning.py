"""For Lightning: tune it, save a checkpoint on request, and save when the run is asked to stop."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

try:
    from lightning.pytorch import Callback, LightningModule, Trainer
    from lightning.pytorch.utilities.exceptions import SIGTERMException
except ImportError:
    from pytorch_lightning import Callback, LightningModule, Trainer
    from pytorch_lightning.utilities.exceptions import SIGTERMException

from ai_training_utils._observer_file import observer_file
from ai_training_utils._tuning import desk


class SteeringCallback(Callback):
    """Makes ``train tune``, ``train checkpoint`` and ``train stop`` work at Lightning's steps.

        trainer = Trainer(...)
        trainer.fit(model, data, ckpt_path="last")

    Under the agent Lightning finds it by itself. Lightning listens for SIGTERM and leaves after
    the current batch, without saving; this writes ``last.ckpt`` into the directory of the first
    ModelCheckpoint, where ``ckpt_path="last"`` looks; without one, into
    ``default_root_dir/checkpoints``.
    """

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Say that checkpoints can be asked for."""
        if stage == "fit":
            desk().can_checkpoint = True

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Make the changes that are due at this step."""
        desk().reach("lightning", trainer.global_step)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, *_: Any
    ) -> None:
        """Note the loss, and save where that was asked for."""
        loss = outputs.get("loss") if isinstance(outputs, dict) else outputs
        if loss is not None:
            observer_file.note("loss", loss, trainer.global_step)
            if desk().guards.is_active:
                desk().guards.saw("loss", float(loss))
        if desk().checkpoint_id is not None and self._is_first(trainer):
            path = self._save(trainer, f"requested-step={trainer.global_step}.ckpt")
            desk().checkpoint_done(str(path))

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Save where Lightning leaves because of SIGTERM; other errors are left alone."""
        if isinstance(exception, SIGTERMException) and self._is_first(trainer):
            self._save(trainer, "last.ckpt")

    def _is_first(self, trainer: Trainer) -> bool:
        # The trainer's own list may have one beside that of the entry point.
        ours = [other for other in trainer.callbacks if isinstance(other, SteeringCallback)]
        return ours[0] is self

    def _save(self, trainer: Trainer, name: str) -> Path:
        directory = getattr(trainer.checkpoint_callback, "dirpath", None)
        path = Path(directory or Path(trainer.default_root_dir) / "checkpoints") / name
        temporary = path.with_name(f".tmp-{name}")
        # Every rank takes part in the save; only a whole file gets the name.
        trainer.save_checkpoint(temporary)
        if trainer.is_global_zero:
            os.replace(temporary, path)
        return path


def observed_callbacks() -> list[Callback]:
    """Return what Lightning adds to each Trainer under the agent."""
    return [SteeringCallback()]
