"""What Terraform renders, run by the real cloud-init, guest agent and systemd."""

from __future__ import annotations

import base64
import gzip
import pathlib
import re

from machine.machine import Machine

from .rendering import render
from .support import TOKEN, Buckets, MachineTest, MotoBuckets, make, needs, needs_moto, needs_tool

AGENT = (pathlib.Path(__file__).parent / "stand_in_agent.py").read_bytes()
TIMER = r"Started train-poweroff\.timer"
FETCHED = r"front storage.googleapis.com GET /storage/v1/b/run-code/o/train-agent"
# Within what a spot machine has left; 25 s is the unit's own limit.
SPOT_SECONDS = 25


@needs("container")
@needs_tool("terraform")
class Bootstrap(MachineTest):
    """Each with the agent in an emulated bucket that wants the machine's own token."""

    buckets: Buckets
    hanging: Machine

    @classmethod
    def setUpClass(cls) -> None:
        cls.buckets = Buckets("google", "--tls-port", "0", "--token", TOKEN)
        cls.addClassCleanup(cls.buckets.stop)
        cls.buckets.make("run-code")
        cls.buckets.make("run-output")
        cls.buckets.put("run-code", "train-agent", AGENT)
        # Most of a minute of waiting, which the other tests can have meanwhile.
        metadata = render("gcp", AGENT, {"task": "hang"}, MAX_SECONDS=0, FINAL_SYNC_SECONDS=30)
        cls.hanging = cls.enterClassContext(
            make("gce", metadata, buckets=cls.buckets.address),
        )
        cls.hanging.start()

    def google(self, task: str, cloud: str = "gce", **settings: object) -> Machine:
        """A machine whose agent does that."""
        settings = {"MAX_SECONDS": 3600, **settings}
        metadata = render("gcp", AGENT, {"task": task}, **settings)
        return self.machine(cloud, metadata, buckets=self.buckets.address)

    def assert_prepared(self, machine: Machine) -> None:
        """The timer stood before anything else was begun, and the agent came from the bucket."""
        journal = machine.tier.journal("--no-hostname")
        armed = re.search(TIMER, journal)
        begun = re.search(r"Starting train-bootstrap\.service", journal)
        self.assertTrue(armed and begun, journal[-3000:])
        self.assertLess(armed.start(), begun.start(), "the timer was armed after the bootstrap")
        self.assert_before(machine, FETCHED, "console .*agent starts with task")

    def both_boots(self, cloud: str) -> None:
        """An agent that finishes, and a second boot of the same disk."""
        machine = self.google("finish", cloud)
        self.run_once(machine)
        self.assert_prepared(machine)
        kept = {
            path: machine.tier.read(path)
            for path in ("/etc/train/deadline", "/etc/train/bootstrap.env", "/etc/train/job.json")
        }
        self.assertTrue(all(kept.values()), kept)
        self.run_once(machine)
        self.assertEqual(machine.log.count(FETCHED), 1, "the agent was fetched again")
        self.assertEqual({path: machine.tier.read(path) for path in kept}, kept)
        self.assert_seen(machine, "console .*agent is done", 2)

    def test_cloud_init(self) -> None:
        self.both_boots("gce")

    def test_startup_script(self) -> None:
        self.both_boots("gce-guest-agent")

    def test_a_crashed_agent_is_started_again(self) -> None:
        machine = self.google("crash")
        self.run_once(machine)
        self.assert_before(machine, "agent crashes", "agent is done")
        self.assert_seen(machine, "agent starts", 2)

    def test_preemption(self) -> None:
        machine = self.google("train")
        machine.start()
        self.assert_seen(machine, "console .*agent starts")
        noticed = machine.log.seconds()
        machine.act("preempt")
        self.assert_powers_off(machine)
        self.assertLess(machine.log.seconds() - noticed, SPOT_SECONDS, self.tail(machine))
        self.assert_before(machine, "agent got SIGTERM", "agent has synced")
        self.assertIn("output/last", self.buckets.names("run-output"))

    def test_the_timer_ends_a_machine_whose_agent_hangs(self) -> None:
        self.assert_powers_off(self.hanging)
        self.assert_before(self.hanging, "agent starts", "agent takes no notice")

    def test_another_agent_is_not_run(self) -> None:
        metadata = render("gcp", b"what was uploaded", {"task": "finish"}, MAX_SECONDS=3600)
        machine = self.machine("gce", metadata, buckets=self.buckets.address)
        machine.on("SHA-256 differs", "cut")
        machine.start()
        self.assertEqual(machine.wait(120), "cut", self.tail(machine))
        self.assertIsNone(machine.log.find("agent starts"))


@needs("container")
@needs_tool("terraform")
class AmazonBootstrap(MachineTest):
    """On EC2 without the aws command: the bootstrap signs with the role's credentials itself."""

    @needs_moto
    def test_user_data(self) -> None:
        buckets = MotoBuckets("amazon")
        self.addCleanup(buckets.stop)
        buckets.make("run-code")
        buckets.put("run-code", "train-agent", AGENT)
        text = render("aws", AGENT, {"task": "finish"}, MAX_SECONDS=3600)["user-data"]
        packed = base64.b64encode(gzip.compress(text.encode())).decode()
        machine = self.machine(
            "ec2", {"user_data_base64": packed}, buckets=buckets.address, has_tools=False
        )
        self.run_once(machine)
        self.assert_before(
            machine,
            r"front run-code.s3.us-east-1.amazonaws.com GET /train-agent",
            "agent starts with task finish",
        )
