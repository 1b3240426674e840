"""Notice that a checkpoint is asked for, in a training loop of one's own."""

from __future__ import annotations

import os

from ai_training_utils._tuning import desk


class CheckpointRequest:
    """True once ``train checkpoint`` asks for a checkpoint, until it is saved.

        checkpoint = CheckpointRequest()
        for step, batch in enumerate(batches):
            hp.update(step)
            train(batch)
            if step % 1000 == 0 or checkpoint:
                save(path)
                checkpoint.saved(path)

    It becomes true in ``hp.update``, or in a step of a PyTorch optimizer under the agent.
    """

    def __init__(self) -> None:
        """Say that this program can save on request."""
        desk().can_checkpoint = True

    def __bool__(self) -> bool:
        return desk().checkpoint_id is not None

    def saved(self, path: str | os.PathLike) -> None:
        """Answer the request; without one it does nothing."""
        if self:
            desk().checkpoint_done(os.fspath(path))
