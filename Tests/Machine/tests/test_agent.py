"""The built agent, from Terraform's rendering to the machine's power-off."""

from __future__ import annotations

import sys
import unittest

from machine.machine import Machine

from .rented_run import AGENT, RentedRun
from .support import TOKEN, Buckets, MachineTest, MotoBuckets, needs, needs_moto, needs_tool

PATIENCE = 300
# Of the 30 s that a spot machine of Google's has, 25 are the unit's TimeoutStopSec.
SPOT_SECONDS = 25

MAIN = """
import argparse
import pathlib
import signal
import sys
import time

def main():
    parser = argparse.ArgumentParser()
    for name in ("dataset", "output", "logs"):
        parser.add_argument(f"--{name}_directory", type=pathlib.Path)
    parser.add_argument("--epochs", type=int, default=1)
    given = parser.parse_args()
    asked = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(True))
    learned = (given.dataset_directory / "beer.csv").read_text()
    for epoch in range(given.epochs):
        save(given.output_directory / "model.txt", f"{epoch} {len(asked)} learned {learned}")
        print("trained", epoch, flush=True)
        if asked:
            # Perhaps only during the save above, which then says nothing of it.
            save(given.output_directory / "model.txt", f"{epoch} {len(asked)} learned {learned}")
            sys.exit(143)
        if epoch + 1 < given.epochs:
            time.sleep(1)

def save(path, text):
    new = path.with_suffix(".tmp")
    new.write_text(text)
    time.sleep(0.05)  # a real one is larger: its rename is later than its last write
    new.rename(path)

main()
"""


@needs("container")
@needs_tool("terraform")
@unittest.skipUnless(AGENT, "train-agent is not built")
class BuiltAgent(MachineTest):
    """With real systemd, cloud-init or guest agent, and the cloud's own tool, to buckets that want
    the machine's own credentials."""

    def google(self) -> Buckets:
        """Google's buckets, open to the account of the machine alone."""
        buckets = Buckets("google", "--tls-port", "0", "--token", TOKEN)
        self.addCleanup(buckets.stop)
        return buckets

    def trains(self, cloud: str, run: RentedRun) -> Machine:
        """From the first power-on to the power-off, with everything in the bucket by then."""
        machine = self.machine(cloud, run.metadata, buckets=run.buckets.address)
        self.run_once(machine, PATIENCE)
        self.assert_seen(machine, "console .*the last sync is verified")
        self.assertEqual(run.document("status")["outcome"]["kind"], "succeeded")
        self.assertEqual(run.output("output/model.txt"), b"0 0 learned 1,2,3\n")
        self.assertTrue(run.document("manifest")["final"])
        return machine

    def test_google_with_cloud_init(self) -> None:
        self.trains("gce", RentedRun("gcp", self.google(), MAIN))

    def test_google_with_the_guest_agent_alone(self) -> None:
        self.trains("gce-guest-agent", RentedRun("gcp", self.google(), MAIN))

    @needs_moto
    def test_amazon(self) -> None:
        buckets = MotoBuckets("amazon")
        self.addCleanup(buckets.stop)
        run = RentedRun("aws", buckets, MAIN, settings={"REGION": "eu-west-1"})
        machine = self.trains("ec2", run)
        # At once, and not by way of us-east-1.
        self.assert_seen(machine, "front run-output.s3.eu-west-1.amazonaws.com PUT /output/")
        self.assertIsNone(machine.log.find("front run-output.s3.amazonaws.com"))

    def test_a_killed_agent_costs_no_step(self) -> None:
        run = RentedRun("gcp", self.google(), MAIN, ("--epochs", "20"), interval_seconds=1)
        machine = self.machine("gce", run.metadata, buckets=run.buckets.address)
        machine.start()
        self.until(machine, lambda: "run/status.json" in run.buckets.names("run-output"))
        self.until(machine, lambda: "trainer_pid" in run.document("status"))
        trainer = run.document("status")["trainer_pid"]
        # Out of the agent's cgroup, which systemd empties when the agent dies.
        cgroup = machine.tier.run(f"cat /proc/{trainer}/cgroup").stdout
        self.assertIn("train-trainer-", cgroup, self.tail(machine))
        machine.act("run:systemctl kill --kill-who=main --signal=KILL train-agent")
        self.assert_powers_off(machine)
        status = run.document("status")
        self.assertEqual(status["outcome"]["kind"], "succeeded", self.tail(machine))
        self.assertEqual(status["attempt"], 1)
        self.assertTrue(run.document("manifest")["final"], self.tail(machine))
        lines = run.output("logs/train.log").decode().splitlines()
        trained = [line for line in lines if line.startswith("trained ")]
        self.assertEqual(trained, [f"trained {epoch}" for epoch in range(20)])
        self.assertIn("the agent was started again", run.output("run/events.jsonl").decode())

    def test_preemption(self) -> None:
        run = RentedRun("gcp", self.google(), MAIN, ("--epochs", "1000"), interval_seconds=1)
        machine = self.machine("gce", run.metadata, buckets=run.buckets.address)
        machine.start()
        # A file that was never up may be half-written, for all the agent knows.
        self.until(machine, lambda: "output/model.txt" in run.buckets.names("run-output"))
        noticed = machine.log.seconds()
        machine.act("preempt")
        self.assert_powers_off(machine)
        took = machine.log.seconds() - noticed
        print(f"power-off {took:.1f} s after the notice", file=sys.stderr)
        self.assertLess(took, SPOT_SECONDS, self.tail(machine))
        status = run.document("status")
        self.assertEqual(status["outcome"]["kind"], "preempted", self.tail(machine))
        self.assertTrue(run.document("manifest")["final"], self.tail(machine))
        # What the trainer saved after it was told to go: by its name, or as .partial where the
        # agent cannot tell that it is whole.
        names = [name for name in run.buckets.names("run-output") if "model.txt" in name]
        saved = b"".join(run.output(name) for name in names).decode()
        self.assertRegex(saved, r"(?m)^\d+ 1 learned 1,2,3$", names)
        if "output/model.txt.partial" in names:
            print("what was saved last is there as .partial", file=sys.stderr)
