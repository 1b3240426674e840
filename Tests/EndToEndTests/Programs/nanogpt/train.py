"""A character model in the idiom of nanoGPT: an executed configuration, two kinds of log lines."""

import math
import os
import time
from pathlib import Path

import torch

out_dir = "out"
max_iters = 60
eval_interval = 20
log_interval = 5
learning_rate = 1e-2
warmup_iters = 10
exec(Path("configurator.py").read_text())

os.makedirs(out_dir, exist_ok=True)
torch.manual_seed(1337)
text = torch.randint(0, 16, (2048,))
model = torch.nn.Sequential(torch.nn.Embedding(16, 32), torch.nn.Linear(32, 16))
optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, betas=(0.9, 0.95))


def get_batch():
    index = torch.randint(len(text) - 33, (8,))
    x = torch.stack([text[i : i + 32] for i in index])
    return x, torch.stack([text[i + 1 : i + 33] for i in index])


def loss_of(x, y):
    return torch.nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten())


@torch.no_grad()
def estimate_loss():
    return {
        split: torch.stack([loss_of(*get_batch()) for _ in range(4)]).mean().item()
        for split in ("train", "val")
    }


def get_lr(it):
    if it < warmup_iters:
        return learning_rate * (it + 1) / (warmup_iters + 1)
    ratio = (it - warmup_iters) / (max_iters - warmup_iters)
    return learning_rate * (0.1 + 0.45 * (1.0 + math.cos(math.pi * ratio)))


t0 = time.time()
for iter_num in range(max_iters + 1):
    for group in optimizer.param_groups:
        group["lr"] = get_lr(iter_num)
    if iter_num % eval_interval == 0:
        losses = estimate_loss()
        print(f"step {iter_num}: train loss {losses['train']:.4f}, val loss {losses['val']:.4f}")
        torch.save(model.state_dict(), os.path.join(out_dir, "ckpt.pt"))
    loss = loss_of(*get_batch())
    loss.backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    t1 = time.time()
    dt, t0 = t1 - t0, t1
    if iter_num % log_interval == 0:
        print(f"iter {iter_num}: loss {loss.item():.4f}, time {dt * 1000:.2f}ms, mfu {-100.0:.2f}%")
