"""Lightning: ckpt_path="last". Under the agent the callback is there without a line, too."""

import os

import numpy
import torch
from ai_training_utils.lightning import SteeringCallback
from ai_training_utils.path_helper import PathHelper
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint


class Model(LightningModule):
    """One layer over the 64 pixels of a digit."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(64, 10)

    def on_train_start(self):
        """Say where this attempt begins."""
        print(f"from step {self.global_step}", flush=True)

    def training_step(self, batch, index):
        """Return the loss of a batch."""
        image, label = batch
        return torch.nn.functional.cross_entropy(self.layer(image), label)

    def configure_optimizers(self):
        """Return the optimizer, which `train tune` finds by itself."""
        return torch.optim.AdamW(self.parameters(), lr=1e-3)


paths = PathHelper().parse_arguments()
rows = torch.tensor(numpy.loadtxt(paths.dataset_directory / "digits.csv.gz", delimiter=","))
digits = torch.utils.data.TensorDataset(rows[:, :64].float() / 16, rows[:, 64].long())
checkpoint = ModelCheckpoint(paths.output_directory, every_n_train_steps=100, save_last=True)
trainer = Trainer(
    max_steps=int(os.environ.get("STEPS", "2000")),
    default_root_dir=paths.logs_directory,
    logger=False,
    enable_progress_bar=False,
    callbacks=[checkpoint, SteeringCallback()],
)
loader = torch.utils.data.DataLoader(digits, batch_size=32, shuffle=True)
trainer.fit(Model(), loader, ckpt_path="last")
print(f"step {trainer.global_step}", flush=True)
if trainer.global_step == trainer.max_steps:
    trainer.save_checkpoint(paths.output_directory / "model.ckpt")
