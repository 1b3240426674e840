"""Hugging Face's Trainer: one callback, and one line that finds the newest checkpoint."""

import os

import numpy
import torch
from ai_training_utils.huggingface import SteeringCallback
from ai_training_utils.path_helper import PathHelper
from transformers import Trainer, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint


class Model(torch.nn.Module):
    """In place of a model from the hub, so that nothing is downloaded."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(64, 10)

    def forward(self, image, labels=None):
        """Return what the Trainer looks for: loss and logits."""
        logits = self.layer(image)
        return {"loss": torch.nn.functional.cross_entropy(logits, labels), "logits": logits}


paths = PathHelper().parse_arguments()
rows = torch.tensor(numpy.loadtxt(paths.dataset_directory / "digits.csv.gz", delimiter=","))
data = [{"image": row[:64].float() / 16, "labels": row[64].long()} for row in rows]
options = TrainingArguments(
    paths.output_directory,
    max_steps=int(os.environ.get("STEPS", "2000")),
    learning_rate=1e-3,
    save_steps=100,
    save_total_limit=3,
    logging_steps=50,
    report_to=[],
)
trainer = Trainer(Model(), options, train_dataset=data, callbacks=[SteeringCallback()])
newest = get_last_checkpoint(options.output_dir)
print(f"from step {newest.rpartition('-')[2] if newest else 0}", flush=True)
trainer.train(resume_from_checkpoint=newest)
print(f"step {trainer.state.global_step}", flush=True)
if trainer.state.global_step == options.max_steps:
    trainer.save_model(paths.output_directory / "model")
