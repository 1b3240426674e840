"""The whole road: the built launcher, real Terraform, the machine it asked for, and home again."""

from __future__ import annotations

import json
import subprocess
from unittest import skipIf

from machine.machine import Machine

from . import laptop
from .rendering import ROOT
from .support import Buckets, MachineTest, MotoBuckets, needs, needs_moto, needs_tool, slow

DIGITS = ROOT / "Examples/digits"
CONTAINER_SECONDS = 180
# Software emulation runs Python thirty times slower.
VM_SECONDS = 900


class RoadTest(MachineTest):
    """Creating the instance boots a machine with the metadata that Terraform sent, and no other."""

    def cloud_buckets(self) -> Buckets:
        """The cloud's, which the laptop may use as it likes."""
        return Buckets("google", "--tls-port", "0")

    def setUp(self) -> None:
        self.buckets = self.cloud_buckets()
        self.addCleanup(self.buckets.stop)
        self.buckets.make("digits")
        for file in (DIGITS / "dataset").iterdir():
            self.buckets.put("digits", file.name, file.read_bytes())
        self.laptop = laptop.Laptop(self.buckets)
        self.addCleanup(self.laptop.close)

    def train(self, *words: str, status: int = 0) -> str:
        """What a command of the user's prints."""
        return self.said(self.laptop.train(*words), status)

    def said(self, running: subprocess.Popen[str], status: int = 0) -> str:
        text = running.communicate(timeout=300)[0]
        self.assertEqual(running.returncode, status, text)
        return text

    def walk(
        self, cloud: str, tier: str, seconds: float, *flags: str, provider: str = "gcp"
    ) -> Machine:
        """From `train start` to `train finish`."""
        starting = self.laptop.train(
            "start", "classifier/digits", "--cloud", provider, "--project_name", "acme",
            "--code_path", str(DIGITS / "classifier"), "--dataset_bucket", "digits",
            "--ssh_cidr", "198.51.100.7", "--sync_interval_seconds", "2", *flags,
            "--", "--epochs", "3", "--tensorboard_port", "0",
        )  # fmt: skip
        look = {"gcp": self.laptop.instance, "aws": self.laptop.amazon_instance}[provider]
        asked = self.laptop.awaited(starting, look)
        machine = self.machine(
            cloud, asked["metadata"], tier=tier, name=asked["name"], buckets=self.buckets.address
        )
        machine.start()
        self.assertIn("until train finish", self.said(starting))
        self.assert_seen(machine, "console .*INFO training", patience=seconds)
        self.assertIn("classifier/digits", self.train("status", "classifier/digits"))
        self.assert_powers_off(machine, seconds)
        self.assertIn("succeeded", self.train("status", "classifier/digits"))
        self.come_home()
        return machine

    def come_home(self) -> None:
        """Every byte is downloaded and checked, and then nothing is left."""
        home = self.laptop.folder / "home"
        told = self.train("finish", "classifier/digits", "--destination", str(home))
        self.assertIn("every byte checked", told)
        (collected,) = home.iterdir()
        result = json.loads((collected / "output/result.json").read_text())
        self.assertEqual(result["epochs"], 3)
        self.assertGreater(result["accuracy"], 0.8)
        self.assertIn("numpy", result["build"])
        self.assertEqual(self.laptop.living(), [])
        self.assertEqual(self.buckets_left(), ["digits"])

    def buckets_left(self) -> list[str]:
        """The names of all there are."""
        told = json.loads(self.buckets.request("GET", "/storage/v1/b?project=acme"))
        return [bucket["name"] for bucket in told["items"]]


@needs("container")
@needs_tool("terraform")
@needs_tool("gsutil")
@needs_tool("ssh-keygen")
@skipIf(laptop.missing(), laptop.missing() or "")
class GoogleRoad(RoadTest):
    """With a stand-in for the provider, and both kinds of images."""

    def test_cloud_init(self) -> None:
        self.walk("gce", "container", CONTAINER_SECONDS)

    def test_the_guest_agent_alone(self) -> None:
        self.walk("gce-guest-agent", "container", CONTAINER_SECONDS)

    @slow
    @needs("vm")
    def test_a_virtual_machine(self) -> None:
        # gsutil takes half a minute to start there.
        self.walk("gce-with-rclone", "vm", VM_SECONDS, "--transfer_tool", "rclone")


@needs("container")
@needs_tool("terraform")
@needs_tool("aws")
@needs_tool("ssh-keygen")
@needs_moto
@skipIf(laptop.missing(), laptop.missing() or "")
class AmazonRoad(RoadTest):
    """With the real provider against moto, which takes it a minute."""

    def cloud_buckets(self) -> Buckets:
        return MotoBuckets("amazon")

    def buckets_left(self) -> list[str]:
        listed = self.laptop.amazon("s3").list_buckets()["Buckets"]
        return [bucket["Name"] for bucket in listed]

    def test_imds_version_2(self) -> None:
        if not self.laptop.has_amazon:
            self.skipTest("Terraform's AWS provider 5.x is not installed")
        key = self.laptop.folder / "key"
        key.write_text("[default]\naws_access_key_id = testing\naws_secret_access_key = testing\n")
        flags = ["--credentials_path", str(key), "--image", "ami-1e749f67"]
        flags += ["--machine_type", "g4dn.xlarge"]
        machine = self.walk("ec2", "container", CONTAINER_SECONDS, *flags, provider="aws")
        self.assert_seen(machine, "metadata GET .*/user-data 200")
