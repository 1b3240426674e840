"""The clouds' notices, to a trainer that uses its whole grace with output that is not up yet."""

from __future__ import annotations

import re
import sys
import unittest
import urllib.error

from machine.machine import Machine

from .rented_run import AGENT, RentedRun
from .support import TOKEN, Buckets, MachineTest, MotoBuckets, needs, needs_moto, needs_tool
from .test_azure import ACCOUNT, IDENTITY, ResourceManager

# Longer than any notice: the agent's budget ends the trainer, and not its own grace.
GRACE_SECONDS = 600
TOLD = "console .*the cloud takes this machine back"

# It saves when it is told to go, and does not go.
MAIN = """
import argparse
import pathlib
import signal
import time

def main():
    parser = argparse.ArgumentParser()
    for name in ("dataset", "output", "logs"):
        parser.add_argument(f"--{name}_directory", type=pathlib.Path)
    given = parser.parse_args()
    asked = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(time.monotonic()))
    save(given.output_directory / "first.txt", "1")
    while not asked:
        time.sleep(0.05)
    for number in range(20):
        save(given.output_directory / f"late-{number}.bin", "x" * (1 << 20))
    save(given.output_directory / "checkpoint.txt", "whole")
    while True:
        print(f"{time.monotonic() - asked[0]:.1f} s of grace", flush=True)
        time.sleep(0.1)

def save(path, text):
    new = path.with_suffix(".tmp")
    new.write_text(text)
    new.rename(path)

main()
"""


@needs("container")
@needs_tool("terraform")
@unittest.skipUnless(AGENT, "train-agent is not built")
class Notices(MachineTest):
    """Each cloud's own way to say it, and its own time."""

    @staticmethod
    def has(run: RentedRun, name: str) -> bool:
        """Whether the object is in the bucket; moto lists none of them in our words."""
        try:
            run.output(name)
        except urllib.error.HTTPError:
            return False
        return True

    def saved(self, run: RentedRun, name: str) -> bytes:
        """By its name or as .partial: the container's overlay reports no closes."""
        return run.output(name if self.has(run, name) else f"{name}.partial")

    def preempted(self, machine: Machine, run: RentedRun) -> float:
        """Takes the machine away; how many seconds of grace the trainer had."""
        machine.start()
        self.until(machine, lambda: self.has(run, "output/first.txt"))
        machine.act("preempt")
        self.assert_powers_off(machine, 200)
        status = run.document("status")
        self.assertEqual(status["outcome"]["kind"], "preempted", self.tail(machine))
        self.assertTrue(run.document("manifest")["final"], self.tail(machine))
        self.assertEqual(self.saved(run, "output/checkpoint.txt"), b"whole", self.tail(machine))
        for number in range(20):
            self.assertEqual(len(self.saved(run, f"output/late-{number}.bin")), 1 << 20)
        graces = re.findall(r"([\d.]+) s of grace", run.output("logs/train.log").decode())
        print(f"{machine.cloud.name}: {graces[-1]} s of grace", file=sys.stderr)
        return float(graces[-1])

    def test_google_by_metadata_or_signal(self) -> None:
        buckets = Buckets("google", "--tls-port", "0", "--token", TOKEN)
        self.addCleanup(buckets.stop)
        run = RentedRun("gcp", buckets, MAIN, grace_seconds=GRACE_SECONDS, interval_seconds=1)
        machine = self.machine("gce", run.metadata, buckets=buckets.address)
        # Half of 22 s.
        self.assertGreater(self.preempted(machine, run), 10)
        self.assert_seen(machine, "metadata GET .*wait_for_change=true&timeout_sec=60&last_etag=")

    @needs_moto
    def test_amazon_two_minutes_ahead(self) -> None:
        buckets = MotoBuckets("amazon")
        self.addCleanup(buckets.stop)
        run = RentedRun("aws", buckets, MAIN, grace_seconds=GRACE_SECONDS, interval_seconds=1)
        machine = self.machine("ec2", run.metadata, buckets=buckets.address)
        # Half of what 120 s leave.
        self.assertGreater(self.preempted(machine, run), 45)
        # Told long before the power button, and left to it: EC2 starts no other machine again.
        self.assert_seen(machine, TOLD)
        self.assert_seen(machine, "console .*the cloud stops this machine")
        boot = machine.boots[-1]
        preempted = machine.log.find("action preempt") or 0
        self.assertGreater((boot.ended or 0) - preempted, machine.cloud.notice_seconds)

    def test_azure_without_a_signal(self) -> None:
        buckets = Buckets("azure", "--account", ACCOUNT)
        self.addCleanup(buckets.stop)
        manager = ResourceManager()
        self.addCleanup(manager.stop)
        run = RentedRun(
            "azure",
            buckets,
            MAIN,
            grace_seconds=GRACE_SECONDS,
            settings={"IDENTITY": IDENTITY},
            interval_seconds=1,
        )
        machine = self.machine("azure", run.metadata, buckets=buckets.address, routes=manager.route)
        self.assertGreater(self.preempted(machine, run), 8)
        self.assert_seen(machine, TOLD)
        # Never acknowledged: it would only come earlier.
        self.assertIsNone(machine.log.find("metadata POST"), self.tail(machine))
