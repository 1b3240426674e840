"""For Hugging Face's Trainer: tune it, save a checkpoint on request, and end when asked to."""

from __future__ import annotations

import os
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ai_training_utils import _ranks
from ai_training_utils._tuning import desk
from ai_training_utils.stop_request import StopRequest


class SteeringCallback(TrainerCallback):
    """Makes ``train tune``, ``train checkpoint`` and ``train stop`` work at the Trainer's steps.

        trainer = Trainer(..., callbacks=[SteeringCallback()])
        trainer.train(resume_from_checkpoint=get_last_checkpoint(args.output_dir))

    After the step in which a request to stop arrives (also of a deadline, or of a machine that is
    taken away) the Trainer saves ``checkpoint-STEP``, with optimizer and scheduler, and
    ``train()`` returns. Under torchrun all ranks agree first, by one small all-reduce a step.
    """

    def __init__(self) -> None:
        """Listen for the request; in the main thread, as StopRequest says."""
        self._stop = StopRequest()
        desk().can_checkpoint = True

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Make the changes that are due at this step."""
        desk().reach("huggingface", state.global_step)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> TrainerControl:
        """Ask the Trainer to save, and to end once any rank was asked to stop."""
        if desk().checkpoint_id is not None:
            control.should_save = True
        if _any_rank(self._stop.is_requested, args.device):
            control.should_save = True
            control.should_training_stop = True
        return control

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Answer the request for a checkpoint."""
        if desk().checkpoint_id is not None:
            path = os.path.join(args.output_dir, f"checkpoint-{state.global_step}")
            desk().checkpoint_done(path)


def _any_rank(is_requested: bool, device: Any) -> bool:
    # Ranks get the signal between different steps; a save by some of them alone would hang.
    if _ranks.count() == 1:
        return is_requested
    from torch import distributed, tensor

    if not (distributed.is_available() and distributed.is_initialized()):
        return is_requested
    flag = tensor([int(is_requested)], device=device)
    distributed.all_reduce(flag, op=distributed.ReduceOp.MAX)
    return bool(flag.item())
