"""What the observer and the tuned values cost, in processor time, against the same program without.

python3 Benchmarks/observer/run.py PYTHON

PYTHON has torch. With and without in turns; of each the best round counts, of a round the best of many
short pieces, so that other work on the machine is not measured. Ends with 1 where a bound is passed.
"""

import os
import pathlib
import resource
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROUNDS, PIECES, STEPS = 9, 60, 500
# docs/observer.md and docs/tuning.md promise them.
BOUNDS = {"start": 10.0, "step": 3.0, "hp.x": 1.0, "hp.update(step)": 5.0}

PIECE = f"""
import time
def best(piece):
    times = []
    for _ in range({PIECES}):
        start = time.process_time_ns()
        piece()
        times.append((time.process_time_ns() - start) / {STEPS} / 1000)
    print(min(times))
"""

STEP = f"""{PIECE}
import torch
torch.set_num_threads(1)
p = torch.nn.Parameter(torch.ones(5))
p.grad = torch.ones(5)
optimizer = torch.optim.SGD([p], lr=1e-9)
def piece():
    for _ in range({STEPS}):
        optimizer.step()
piece()
best(piece)
"""

VALUES = f"""{PIECE}
from ai_training_utils.hyperparameters import Float, Hyperparameters
hp = Hyperparameters(x=Float(0.1, min=0, max=0.9))
hp.update(0)
def empty():
    for _ in range({STEPS}):
        pass
def read():
    for _ in range({STEPS}):
        hp.x
def update():
    for step in range({STEPS}):
        hp.update(step)
best(empty)
best(read)
best(update)
"""


def environment(directory, is_on):
    """With the import hook of the run's environment, on or off."""
    (directory / "observer").mkdir(exist_ok=True)
    (directory / "logs").mkdir(exist_ok=True)
    return {
        **os.environ,
        "PYTHONPATH": str(directory),
        "AI_TRAINING_OBSERVE": "1" if is_on else "",
        "AI_TRAINING_OBSERVER_DIRECTORY": str(directory / "observer"),
        "AI_TRAINING_LOGS_DIRECTORY": str(directory / "logs"),
    }


def run(python, code, variables):
    """How much processor time a Python takes from its start to its end, in s, and what it prints."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(
        [python, "-c", code], env=variables, stdout=subprocess.PIPE, text=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return seconds, [float(line) for line in ran.stdout.split()]


def main():
    python = sys.argv[1]
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        # What the agent's .pth file does, in a module that Python imports by itself.
        (directory / "sitecustomize.py").write_text(
            f"import os, sys\nsys.path.append({str(ROOT / 'python')!r})\n"
            "if os.environ.get('AI_TRAINING_OBSERVE'):\n    import ai_training_utils._observe\n"
        )
        starts, steps = {False: [], True: []}, {False: [], True: []}
        values = []
        for _ in range(ROUNDS):
            for is_on in (False, True):
                variables = environment(directory, is_on)
                starts[is_on] += [run(python, "pass", variables)[0] * 1000 for _ in range(3)]
                steps[is_on] += run(python, STEP, variables)[1]
            values.append(run(python, VALUES, environment(directory, False))[1])
    found = {}
    for what, unit, times in (("start", "ms", starts), ("step", "µs", steps)):
        without, with_it = min(times[False]), min(times[True])
        found[what] = with_it - without
        print(f"{what}: {without:.2f} -> {with_it:.2f} {unit}, +{found[what]:.2f} {unit}")
    empty, read, update = (min(times) for times in zip(*values))
    for what, time in (("hp.x", read), ("hp.update(step)", update)):
        found[what] = time - empty
        print(f"{what}: {found[what]:.3f} µs")
    over = [f"{what} is over {bound}" for what, bound in BOUNDS.items() if found[what] > bound]
    sys.exit("; ".join(over) or 0)


if __name__ == "__main__":
    main()
