"""A program that LightningCLI starts: every flag comes from the classes' signatures."""

import torch
from lightning.pytorch import LightningDataModule, LightningModule
from lightning.pytorch.cli import LightningCLI


class Regressor(LightningModule):
    def __init__(self, learning_rate: float = 0.05):
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, batch_index):
        x, y = batch
        loss = ((self.layer(x) - y) ** 2).mean()
        self.log("train_loss", loss, prog_bar=True)
        self.log("weight_norm", self.layer.weight.norm(), prog_bar=True)
        return loss

    def validation_step(self, batch, batch_index):
        x, y = batch
        self.log("val_loss", ((self.layer(x) - y) ** 2).mean(), prog_bar=True)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.hparams.learning_rate)


class Numbers(LightningDataModule):
    def __init__(self, batch_size: int = 16):
        super().__init__()
        self.batch_size = batch_size

    def loader(self, count: int):
        x = torch.randn(count, 4)
        rows = torch.utils.data.TensorDataset(x, x.sum(dim=1, keepdim=True))
        return torch.utils.data.DataLoader(rows, batch_size=self.batch_size)

    def train_dataloader(self):
        return self.loader(640)

    def val_dataloader(self):
        return self.loader(64)


if __name__ == "__main__":
    LightningCLI(Regressor, Numbers, seed_everything_default=1)
