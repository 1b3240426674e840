"""A loop that keeps model and optimizer as safetensors, a folder for each checkpoint."""

import json
import re

import killed
import torch
from safetensors.torch import load_file, save_file

model = torch.nn.Linear(64, 64)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
folders = sorted(
    killed.OUTPUT.glob("step_*"), key=lambda path: int(re.findall(r"\d+", path.name)[-1])
)
start = 0
if folders:
    model.load_state_dict(load_file(folders[-1] / "model.safetensors"))
    momentum = load_file(folders[-1] / "optimizer.safetensors")
    for name, parameter in model.named_parameters():
        optimizer.state[parameter]["momentum_buffer"] = momentum[name]
    start = json.loads((folders[-1] / "state.json").read_text())["step"]
killed.begin(start)
for step in range(start + 1, killed.STEPS + 1):
    optimizer.zero_grad()
    (model(torch.ones(8, 64)) ** 2).mean().backward()
    optimizer.step()
    if step % killed.EVERY == 0:
        killed.before(step)
        folder = killed.OUTPUT / f"step_{step}"
        folder.mkdir(exist_ok=True)
        save_file(model.state_dict(), folder / "model.safetensors")
        momentum = {
            name: optimizer.state[parameter]["momentum_buffer"]
            for name, parameter in model.named_parameters()
        }
        save_file(momentum, folder / "optimizer.safetensors")
        (folder / "state.json").write_text(json.dumps({"step": step}))
        killed.saved(step)
killed.end(killed.STEPS)
