"""Measures one sync of ours and of the tools people loop today: see README.md."""

import argparse
import contextlib
import json
import os
import platform
import random
import shutil
import sys
import tempfile
import time

from cloud import Cloud
from contestants import Ours, Tool

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = ["ours", "ours-gsutil", "ours-rclone", "ours-aws", "gsutil", "gcloud", "rclone", "aws"]
# From here on the bucket is filled without the tool: its first upload takes a quarter of an hour.
FILLED = 50_000


def write(root, numbers, size, content):
    """Renamed into place, as careful programs do, a moment after it was written."""
    paths = [f"{root}/output/{number % 100:02}/file-{number:06}" for number in numbers]
    for path in paths:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".tmp", "wb") as file:
            file.write(content(size))
    time.sleep(0.05)
    for path in paths:
        os.rename(path + ".tmp", path)


def fresh(scratch):
    root = tempfile.mkdtemp(dir=scratch)
    for name in ("output", "logs", "run", "state"):
        os.makedirs(os.path.join(root, name))
    return root


def measure(tool, scratch, scenario):
    """All results of one tool in one scenario, by the names of the rows."""
    chance = random.Random(7)
    root = fresh(scratch)
    rows = {}
    tool.begin(root)
    try:
        if scenario == "large":
            with open(f"{root}/large.tmp", "wb") as file:
                for _ in range(500):
                    file.write(chance.randbytes(10**6))
            time.sleep(0.05)
            os.rename(f"{root}/large.tmp", f"{root}/output/large")
            rows["first upload, 1 x 500 MB"] = tool.sync()
        else:
            count = int(scenario)
            write(root, range(count), 4096, chance.randbytes)
            if count < FILLED:
                rows[f"first upload, {count} x 4 KB"] = tool.sync()
            else:
                tool.fill()
            tool.sync()
            rows[f"quiet, {count} files"] = tool.sync()
            write(root, chance.sample(range(count), 10), 4096, chance.randbytes)
            rows[f"10 changed of {count}"] = tool.sync()
    finally:
        with contextlib.suppress(RuntimeError):
            tool.end()
        shutil.rmtree(root, ignore_errors=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", required=True, help="the release build of the test bundle")
    parser.add_argument("--counts", default="10,1000,5000,10000,large")
    parser.add_argument("--tools", default=",".join(TOOLS))
    parser.add_argument("--skip", default="", help="TOOL:COUNT,… that take too long here")
    parser.add_argument("--results", default=os.path.join(HERE, "results.json"))
    options = parser.parse_args()
    scratch = tempfile.mkdtemp(prefix="sync-benchmark-")
    google, amazon = Cloud("google", scratch), Cloud("amazon", scratch)
    tools = {
        "ours": Ours("train-agent over gsutil", google, None, options.engine),
        "ours-gsutil": Ours("train-agent over gsutil alone", google, "gsutil", options.engine),
        "ours-rclone": Ours("train-agent over rclone", google, "rclone", options.engine),
        "ours-aws": Ours("train-agent over aws", amazon, None, options.engine),
        "gsutil": Tool(
            "gsutil -m rsync -r",
            google,
            ["gsutil", "-m", "-q", "rsync", "-r", "{SOURCE}", "gs://{BUCKET}/run/output"],
        ),
        "gcloud": Tool(
            "gcloud storage rsync",
            google,
            ["gcloud", "storage", "rsync", "-r", "{SOURCE}", "gs://{BUCKET}/run/output"],
        ),
        "rclone": Tool(
            "rclone sync", google, ["rclone", "sync", "{SOURCE}", "TRAINGS:{BUCKET}/run/output"]
        ),
        "aws": Tool(
            "aws s3 sync",
            amazon,
            ["aws", "s3", "sync", "--only-show-errors", "{SOURCE}", "s3://{BUCKET}/run/output"],
        ),
    }
    results = {"machine": "", "rows": {}}
    # What is not measured anew stays, so that the slow rows can be taken in runs of their own.
    with contextlib.suppress(FileNotFoundError), open(options.results, encoding="utf-8") as file:
        results = json.load(file)
    kernel = ".".join(platform.release().split(".")[:2])
    results["machine"] = f"{os.cpu_count()} cores, Linux {kernel}"
    skipped = set(options.skip.split(","))
    for scenario in options.counts.split(","):
        for name in options.tools.split(","):
            tool = tools[name]
            if f"{name}:{scenario}" in skipped:
                continue
            try:
                rows = measure(tool, scratch, scenario)
            except (RuntimeError, OSError) as error:
                print(f"{tool.name}, {scenario}: {error}", file=sys.stderr)
                continue
            for row, figures in rows.items():
                results["rows"].setdefault(row, {})[tool.name] = figures
                print(f"{row}: {tool.name}: {figures}", flush=True)
            with open(options.results, "w", encoding="utf-8") as file:
                json.dump(results, file, indent=1)
    for cloud in (google, amazon):
        cloud.process.kill()
    shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
