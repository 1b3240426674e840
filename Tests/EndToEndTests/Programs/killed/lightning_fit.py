"""Lightning, which goes on from ``last.ckpt``."""

import killed
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint


class Model(LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)

    def training_step(self, batch, index):
        return (self.layer(batch) ** 2).mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Saves(Callback):
    def on_train_start(self, trainer, model):
        killed.begin(trainer.global_step)

    def on_train_batch_start(self, trainer, model, batch, index):
        # Checkpoints come last after a batch.
        if trainer.global_step and trainer.global_step % killed.EVERY == 0:
            killed.saved(trainer.global_step)

    def on_train_batch_end(self, trainer, model, outputs, batch, index):
        killed.before(trainer.global_step)


checkpoints = ModelCheckpoint(
    killed.OUTPUT, "{step}", every_n_train_steps=killed.EVERY, save_top_k=-1, save_last=True
)
trainer = Trainer(
    max_steps=killed.STEPS,
    accelerator="cpu",
    logger=False,
    enable_progress_bar=False,
    default_root_dir=killed.OUTPUT,
    callbacks=[checkpoints, Saves()],
)
data = torch.utils.data.DataLoader(torch.ones(1000, 2))
trainer.fit(Model(), data, ckpt_path="last")
killed.end(trainer.global_step)
