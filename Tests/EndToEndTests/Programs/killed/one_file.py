"""A loop of plain PyTorch that writes one checkpoint over the other."""

import killed
import torch

path = killed.OUTPUT / "ckpt.pt"
model = torch.nn.Linear(64, 64)
optimizer = torch.optim.AdamW(model.parameters())
start = 0
if path.exists():
    checkpoint = torch.load(path)
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    start = checkpoint["step"]
killed.begin(start)
for step in range(start + 1, killed.STEPS + 1):
    optimizer.zero_grad()
    (model(torch.ones(8, 64)) ** 2).mean().backward()
    optimizer.step()
    if step % killed.EVERY == 0:
        killed.before(step)
        state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
        torch.save(state, path)
        killed.saved(step)
killed.end(killed.STEPS)
