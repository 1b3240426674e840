"""A loop of one's own, as nanoGPT has it: one file, saved now and then and when asked to stop."""

import os

import numpy
import torch
from ai_training_utils.atomic_file import atomic_path
from ai_training_utils.path_helper import PathHelper
from ai_training_utils.stop_request import StopRequest

paths, stop = PathHelper().parse_arguments(), StopRequest()
rows = torch.tensor(numpy.loadtxt(paths.dataset_directory / "digits.csv.gz", delimiter=","))
images, labels = rows[:, :64].float() / 16, rows[:, 64].long()
model = torch.nn.Linear(64, 10)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
path, step = paths.output_directory / "ckpt.pt", 0
if path.exists():
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    step = state["step"]
print(f"from step {step}", flush=True)

last = int(os.environ.get("STEPS", "2000"))
while step < last and not stop:
    batch = torch.randint(len(images), (32,))
    loss = torch.nn.functional.cross_entropy(model(images[batch]), labels[batch])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    step += 1
    if step % 100 == 0 or step == last or stop:
        state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
        with atomic_path(path) as temporary:
            torch.save(state, temporary)
        print(f"step {step}: loss {loss.item():.4f}", flush=True)
if stop:
    raise SystemExit(stop.exit_status)
