"""What only a machine with firmware, a power button and a disk shows."""

from __future__ import annotations

import pathlib

from .rendering import render
from .support import TOKEN, Buckets, MachineTest, needs, needs_tool, slow

AGENT = (pathlib.Path(__file__).parent / "stand_in_agent.py").read_bytes()
# Software emulation takes a minute to boot, and several on a loaded machine.
PATIENCE = 420


@slow
@needs("vm")
@needs_tool("terraform")
class Emulated(MachineTest):
    """One boot: cloud-init finds its cloud by firmware, ACPI ends it in time."""

    def test_preemption(self) -> None:
        buckets = Buckets("google", "--tls-port", "0", "--token", TOKEN)
        self.addCleanup(buckets.stop)
        buckets.make("run-code")
        buckets.make("run-output")
        buckets.put("run-code", "train-agent", AGENT)
        metadata = render("gcp", AGENT, {"task": "train"}, MAX_SECONDS=3600)
        machine = self.machine("gce", metadata, tier="vm", buckets=buckets.address)
        machine.on("console .*agent starts", "preempt")
        machine.start()
        self.assert_powers_off(machine, PATIENCE)
        self.assert_seen(machine, "qemu SHUTDOWN guest-shutdown")
        self.assert_before(machine, "agent got SIGTERM", "agent has synced")
        self.assertIn("output/last", buckets.names("run-output"))
        self.assertIn("agent has synced", machine.tier.journal("--unit=train-agent"))
        self.assertTrue(machine.tier.read("/etc/train/deadline"))
        self.assertIsNone(machine.tier.read("/etc/train/no-such-file"))
