"""The same loop on several GPUs of a machine, or on processors: torchrun starts a process each."""

import os

import numpy
import torch
from ai_training_utils.atomic_file import atomic_path
from ai_training_utils.path_helper import PathHelper
from ai_training_utils.stop_request import StopRequest
from torch import distributed

paths, stop = PathHelper().parse_arguments(), StopRequest()


def train(device, rank):
    """Train from the newest checkpoint on; return whether all ranks were asked to stop."""
    rows = torch.tensor(numpy.loadtxt(paths.dataset_directory / "digits.csv.gz", delimiter=","))
    images, labels = (rows[:, :64].float() / 16).to(device), rows[:, 64].long().to(device)
    model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(64, 10).to(device))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    path, step = paths.output_directory / "ckpt.pt", 0
    if path.exists():
        state = torch.load(path, weights_only=True, map_location=device)
        model.module.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        step = state["step"]
    if rank == 0:
        print(f"from step {step}", flush=True)

    torch.manual_seed(1000 * step + rank)  # each rank draws batches of its own
    last, leave = int(os.environ.get("STEPS", "2000")), torch.zeros(1, device=device)
    while step < last and not leave:
        batch = torch.randint(len(images), (32,))
        loss = torch.nn.functional.cross_entropy(model(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
        # The signal reaches the ranks between different steps: they leave after the same one.
        leave.fill_(bool(stop))
        distributed.all_reduce(leave, op=distributed.ReduceOp.MAX)
        if rank == 0 and (step % 100 == 0 or step == last or leave):
            weights = model.module.state_dict()
            state = {"model": weights, "optimizer": optimizer.state_dict(), "step": step}
            with atomic_path(path) as temporary:
                torch.save(state, temporary)
            print(f"step {step}: loss {loss.item():.4f}", flush=True)
    return bool(leave)


has_gpus = torch.cuda.is_available()
distributed.init_process_group("nccl" if has_gpus else "gloo")
device = f"cuda:{os.environ['LOCAL_RANK']}" if has_gpus else "cpu"
is_stopped = train(device, distributed.get_rank())
# Nobody leaves while rank 0 still saves. The model is gone by now, so that the group's own threads
# end here, and not while Python does.
distributed.barrier()
distributed.destroy_process_group()
if is_stopped:
    raise SystemExit(stop.exit_status)
