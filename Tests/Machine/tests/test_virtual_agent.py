"""The built agent on a disk that loses what was not synced, through a power cut."""

from __future__ import annotations

import json
import unittest

from .rented_run import AGENT, RentedRun
from .support import TOKEN, Buckets, MachineTest, needs, needs_tool

PATIENCE = 600
DISK_BYTES = 1 << 30
STEPS = 20
FORMATTED = "console .*train-bootstrap: formatting"

# The first attempt would go on for ever; the one after it says what it finds of it.
MAIN = """
import argparse
import json
import os
import pathlib
import time

def main():
    parser = argparse.ArgumentParser()
    for name in ("dataset", "output", "logs"):
        parser.add_argument(f"--{name}_directory", type=pathlib.Path)
    given = parser.parse_args()
    if not os.path.ismount("/mnt/train"):
        raise SystemExit("the dataset is on no disk of its own")
    steps = sorted(given.output_directory.glob("step-*"))
    if os.environ["AI_TRAINING_ATTEMPT"] != "1":
        found = {path.name: path.read_text() for path in steps}
        (given.output_directory / "found.json").write_text(json.dumps(found))
        return
    number = 0
    while True:
        number += 1
        new = given.output_directory / "new.tmp"
        new.write_text(f"{number}\\n" * 1000)
        new.rename(given.output_directory / f"step-{number}")
        print("step", number, flush=True)
        time.sleep(0.2)

main()
"""


def whole(name: str) -> str:
    """What the first attempt wrote into `step-N`."""
    return f"{name.removeprefix('step-')}\n" * 1000


def grows(name: str) -> bool:
    """Whether both attempts write into this object, one after the other."""
    return name.startswith("logs/") or name == "run/events.jsonl"


@needs("vm")
@needs_tool("terraform")
@unittest.skipUnless(AGENT, "train-agent is not built")
class PowerCut(MachineTest):
    """The run is not lost with the power, and its disk is formatted once."""

    def steps(self, run: RentedRun) -> list[str]:
        """The files of the first attempt that the manifest names; none where there is none yet."""
        if "run/manifest.json" not in run.buckets.names("run-output"):
            return []
        paths = (file["path"] for file in run.document("manifest")["files"])
        return [path.removeprefix("output/") for path in paths if path.startswith("output/step-")]

    def test_the_run_goes_on_from_the_same_disk(self) -> None:
        buckets = Buckets("google", "--tls-port", "0", "--token", TOKEN)
        self.addCleanup(buckets.stop)
        # rclone, since gsutil takes half a minute to start under software emulation.
        run = RentedRun(
            "gcp",
            buckets,
            MAIN,
            interval_seconds=1,
            transfer_tool="rclone",
            settings={"DATA_DISK": 1},
        )
        machine = self.machine(
            "gce-with-rclone",
            run.metadata,
            tier="vm",
            buckets=buckets.address,
            data_disk_bytes=DISK_BYTES,
        )
        machine.start()
        self.until(machine, lambda: len(self.steps(run)) >= STEPS, PATIENCE)
        machine.act("cut")
        self.assertEqual(machine.wait(60), "cut", self.tail(machine))
        self.assertFalse(run.document("manifest")["final"])
        safe = self.steps(run)
        told = {name: run.output(name) for name in run.buckets.names("run-output") if grows(name)}

        machine.start()
        self.assert_powers_off(machine, PATIENCE)
        found = json.loads(run.output("output/found.json"))
        # What the bucket had, the disk has too; what it had not may be torn: no whole name for it.
        self.assertEqual([name for name in safe if found.get(name) != whole(name)], [])
        for name in self.steps(run):
            if not name.endswith(".partial"):
                self.assertEqual(run.output(f"output/{name}").decode(), whole(name), name)
        for name, before in told.items():
            self.assertTrue(run.output(name).startswith(before), name)
        status = run.document("status")
        self.assertEqual((status["outcome"]["kind"], status["attempt"]), ("succeeded", 2))
        self.assertTrue(run.document("manifest")["final"])
        self.assertEqual(machine.log.count(FORMATTED), 1, self.tail(machine))
        # Both attempts' words, none lost with the power.
        events = run.output("run/events.jsonl").decode()
        for attempt in (1, 2):
            self.assertIn(f'"attempt":{attempt}', events)
