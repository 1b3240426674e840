#!/usr/bin/env python3
"""Measures what an agent costs beside files that rest: CPU of a tick, and memory.

Makes COUNT files of a few bytes in an output directory, starts a release build of the agent there
with a directory as its store and a trainer that sleeps, waits until the manifest names them all, and
then reads the agent's own CPU time (``/proc/PID/task/*/schedstat``) and memory for a while. What
ten files cost is the rest of the agent's work, such as its heartbeat: subtract it. Prints a line of
JSON for each count. Needs Linux.
"""

import argparse
import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path


def make_files(directory, count):
    """A hundred to a directory, as datasets and samples lie."""
    for number in range(count):
        if number % 100 == 0:
            folder = directory / f"{number // 10_000}" / f"{number // 100}"
            folder.mkdir(parents=True)
        with open(folder / f"sample-{number}.bin", "wb") as file:
            file.write(b"%d" % number)


def cpu_seconds(pid):
    """Of all threads that there are; the kernel counts nanoseconds."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            total += int(Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0])
        except OSError:
            continue  # A thread that has ended.
    return total / 1e9


def ticks_of(pid):
    """Seconds of threads that have ended too, in the kernel's coarser count."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid):
    """Resident memory now, and the most there was, in MB of 1,000,000 bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    found = dict(line.split(":", 1) for line in lines)
    return tuple(int(found[name].split()[0]) * 1024 / 1e6 for name in ("VmRSS", "VmHWM"))


def named(store):
    """How many files below output/ the manifest names."""
    try:
        text = (store / "run/manifest.json").read_bytes()
    except FileNotFoundError:
        return 0
    return text.count(b'{"path":"output/')


def measure(agent, count, root, args):
    """One agent beside so many files."""
    for name in ("code", "data", "home", "output"):
        (root / name).mkdir()
    (root / "data" / "x.csv").write_text("1\n")
    (root / "code" / "main.py").write_text("")
    make_files(root / "output", count)
    command = [
        agent, "run", "--code_path", root / "code", "--dataset_directory", root / "data",
        "--output_directory", root / "output", "--logs_directory", root / "logs",
        "--work_directory", root / "work", "--store", root / "store",
        "--sync_interval_seconds", str(args.interval), "--command", "exec sleep 100000",
    ]  # fmt: skip
    if args.without_logs:
        command += ["--exclude", "logs/**"]
    environment = dict(os.environ, HOME=str(root / "home"))
    began = time.monotonic()
    with open(root / "agent.txt", "wb") as output:
        process = subprocess.Popen(
            [str(word) for word in command], env=environment, stdout=output, stderr=output
        )
    try:
        while named(root / "store") < count:
            if process.poll() is not None:
                raise SystemExit((root / "agent.txt").read_text())
            time.sleep(0.5)
        up = time.monotonic() - began
        time.sleep(max(5, 3 * args.interval))
        start, start_cpu, start_ticks = time.monotonic(), *both(process.pid)
        time.sleep(args.seconds)
        seconds = time.monotonic() - start
        cpu, ticks = (
            end - begin for end, begin in zip(both(process.pid), (start_cpu, start_ticks))
        )
        resident, peak = memory(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
    used = max(cpu, ticks)
    return {
        "files": count,
        "up_after_seconds": round(up, 1),
        "ms_per_tick": round(used / seconds * args.interval * 1000, 2),
        "interval": args.interval,
        "resident_mb": round(resident, 1),
        "peak_mb": round(peak, 1),
    }


def both(pid):
    """The fine count and the coarse one."""
    return cpu_seconds(pid), ticks_of(pid)


def main():
    """Measure each count in a directory of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agent", required=True, help="a release build of train-agent")
    parser.add_argument("--counts", default="10,100000,1000000")
    parser.add_argument("--interval", type=float, default=1)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--without_logs", action="store_true", help="no log goes up")
    parser.add_argument("--directory", help="on the file system to measure")
    args = parser.parse_args()
    for count in map(int, args.counts.split(",")):
        with tempfile.TemporaryDirectory(dir=args.directory) as root:
            print(json.dumps(measure(args.agent, count, Path(root), args)), flush=True)


if __name__ == "__main__":
    main()
