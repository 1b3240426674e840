"""The built agent, from Terraform's rendering to the machine's power-off."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import time
import unittest

from .rendering import ROOT, render
from .support import TOKEN, Buckets, MachineTest, needs, needs_tool

PATIENCE = 300
BUILT = [os.path.join(ROOT, ".build", kind, "train-agent") for kind in ("release", "debug")]
AGENT = os.environ.get("TRAIN_AGENT") or next(filter(os.path.exists, BUILT), None)

MAIN = """
import argparse
import pathlib

def main():
    parser = argparse.ArgumentParser()
    for name in ("dataset", "output", "logs"):
        parser.add_argument(f"--{name}_directory", type=pathlib.Path)
    given = parser.parse_args()
    learned = (given.dataset_directory / "beer.csv").read_text()
    (given.output_directory / "model.txt").write_text("learned " + learned)
    print("trained", flush=True)

main()
"""


def archive(**files: str) -> bytes:
    """A code.tar.gz as the launcher makes it."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for path, text in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return made.getvalue()


def job(code: bytes) -> dict[str, object]:
    """What the launcher writes for a machine of Google's."""
    names = {"project_name": "p", "code_name": "c", "dataset_name": "beer"}
    sync = {
        "interval_seconds": 5, "max_staleness_seconds": 600, "transfer_timeout_seconds": 120,
        "final_sync_timeout_seconds": 600, "exclude": [], "mirror": False,
    }  # fmt: skip
    folders = {name: f"/var/lib/train/{name}" for name in ("code", "output", "logs")}
    return {
        "version": 1,
        "run": {"cloud": "gcp", **names},
        "code": {
            "source": "gs://run-code/code.tar.gz",
            "sha256": hashlib.sha256(code).hexdigest(),
            "module": "training_module.main",
            "arguments": [],
        },
        "dataset": "gs://beer",
        "output": "gs://run-output",
        "directories": {"work": "/var/lib/train", "dataset": "/mnt/train/dataset", **folders},
        "environment": {},
        "grace_seconds": 5,
        "max_restarts": 0,
        "sync": sync,
        "power_off": ["systemctl", "--no-block", "poweroff"],
        "created_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


@needs("container")
@needs_tool("terraform")
@needs_tool("gsutil")
@unittest.skipUnless(AGENT, "train-agent is not built")
class BuiltAgent(MachineTest):
    """With real systemd, cloud-init and gsutil, the machine's token, and buckets that want it."""

    def test_a_training(self) -> None:
        buckets = Buckets("google_storage", "--tls-port", "0", "--token", TOKEN)
        self.addCleanup(buckets.stop)
        for bucket in ("run-code", "run-output", "beer"):
            buckets.make(bucket)
        with open(AGENT or "", "rb") as file:
            agent = file.read()
        code = archive(**{"training_module/main.py": MAIN})
        buckets.put("run-code", "train-agent", agent)
        buckets.put("run-code", "code.tar.gz", code)
        buckets.put("beer", "beer.csv", b"1,2,3\n")
        metadata = render("gcp", agent, job(code), MAX_SECONDS=3600)
        machine = self.machine("gce", metadata, buckets=buckets.address)
        self.run_once(machine, PATIENCE)
        self.assert_seen(machine, "console .*the last sync is verified")
        status = json.loads(buckets.get("run-output", "run/status.json"))
        self.assertEqual(status["outcome"]["kind"], "succeeded")
        self.assertEqual(buckets.get("run-output", "output/model.txt"), b"learned 1,2,3\n")
        self.assertTrue(json.loads(buckets.get("run-output", "run/manifest.json"))["final"])
