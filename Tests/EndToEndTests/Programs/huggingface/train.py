"""A regression with Hugging Face's Trainer as its documentation shows it."""

import sys

import torch
from transformers import Trainer, TrainingArguments


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def forward(self, x, labels=None):
        y = self.layer(x)
        return {"loss": ((y - labels) ** 2).mean(), "logits": y}


torch.manual_seed(0)
inputs = torch.randn(400, 4)
targets = inputs.sum(dim=1, keepdim=True)
rows = [{"x": x, "labels": y} for x, y in zip(inputs, targets)]
args = TrainingArguments(
    sys.argv[1],
    num_train_epochs=3,
    per_device_train_batch_size=8,
    logging_steps=10,
    eval_strategy="epoch",
    save_strategy="epoch",
    learning_rate=0.05,
    use_cpu=True,
)
Trainer(Model(), args, train_dataset=rows[:320], eval_dataset=rows[320:]).train()
