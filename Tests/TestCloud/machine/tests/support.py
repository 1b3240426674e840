"""Machines, emulated buckets and the rendered bootstrap, for the tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
import urllib.request
from typing import Any

from machine import clouds, tools
from machine.machine import Machine, Options
from machine.requirements import missing
from machine.rootfs import default_cache

HERE = os.path.dirname(os.path.abspath(__file__))
TEST_CLOUD = os.path.dirname(os.path.dirname(HERE))
TOKEN = "the-account's-token"
# A loaded machine takes its time; nothing waits this long when all is well.
PATIENCE = 120


def needs(tier: str) -> Any:
    """Skips where the tier cannot run, saying why."""
    reason = missing(tier)
    return unittest.skipIf(reason, f"no {tier}: {reason}")


def needs_tool(name: str) -> Any:
    """Skips where a command is not installed."""
    return unittest.skipUnless(shutil.which(name), f"{name} is not installed")


def cache() -> str:
    """Where the images are kept; another place can be given in the environment."""
    return os.environ.get("TRAIN_MACHINE_CACHE") or default_cache()


class Buckets:
    """One of the bucket emulators beside this package, in a process of its own."""

    def __init__(self, program: str, *arguments: str) -> None:
        self.folder = tempfile.mkdtemp(prefix="machine-buckets-")
        ports = os.path.join(self.folder, "ports.json")
        command = [sys.executable, os.path.join(TEST_CLOUD, program), "--port", "0"]
        command += ["--data", self.folder, "--port-file", ports]
        command += ["--parent-pid", str(os.getpid()), *arguments]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while not os.path.exists(ports):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{program} did not start")
            time.sleep(0.05)
        with open(ports, encoding="utf-8") as file:
            told = json.load(file)
        self.http = f"http://127.0.0.1:{told['http']}"
        self.address = f"https://127.0.0.1:{told['https']}" if told.get("https") else self.http

    def request(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """One plain request to the emulator."""
        kind = {"Content-Type": "application/octet-stream"}  # moto takes urllib's own for a form
        asked = urllib.request.Request(self.http + path, body, kind, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(asked, timeout=30) as answer:
            return answer.read()

    def make(self, bucket: str) -> None:
        self.request("POST", "/_emu/bucket", json.dumps({"name": bucket}).encode())

    def put(self, bucket: str, name: str, data: bytes) -> None:
        query = urllib.parse.urlencode({"bucket": bucket, "name": name})
        self.request("POST", f"/_emu/object?{query}", data)

    def get(self, bucket: str, name: str) -> bytes:
        """The bytes of one object."""
        query = urllib.parse.urlencode({"bucket": bucket, "name": name})
        return self.request("GET", f"/_emu/object?{query}")

    def names(self, bucket: str) -> list[str]:
        """Of all objects in the bucket."""
        return [
            entry["name"]
            for entry in json.loads(self.request("GET", f"/_emu/objects?bucket={bucket}"))
        ]

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def make(
    cloud: str,
    metadata: dict[str, str],
    tier: str = "container",
    buckets: str | None = None,
    **more: Any,
) -> Machine:
    """A machine, its buckets at that address; to be used with `with`."""
    given = clouds.Given(metadata, token=TOKEN)
    routes = {host: buckets for host in clouds.CLOUDS[cloud].hosts} if buckets else {}
    options = Options(cloud, tier, given, routes, cache=cache(), **more)
    if cloud.startswith("gce"):
        tools.add_gsutil(options)
    return Machine(options)


class MachineTest(unittest.TestCase):
    """Tests that make machines; a failure shows the end of the machine's console."""

    def machine(self, cloud: str, metadata: dict[str, str], **more: Any) -> Machine:
        """A machine that is off, and gone with the test."""
        return self.enterContext(make(cloud, metadata, **more))

    def run_once(self, machine: Machine, timeout: float = PATIENCE) -> None:
        """From power on to the machine's own power-off."""
        machine.start()
        self.assert_powers_off(machine, timeout)

    def assert_powers_off(self, machine: Machine, timeout: float = PATIENCE) -> None:
        how = machine.wait(timeout)
        self.assertEqual(how, "power-off", self.tail(machine))

    def assert_seen(self, machine: Machine, pattern: str, count: int = 1) -> None:
        """Waits until the event or console line has come that often."""
        over = time.monotonic() + PATIENCE
        while not (seen := machine.log.wait_for(pattern, 0.3, count)):
            if machine.tier.ended() or time.monotonic() > over:
                break
        self.assertTrue(seen, f"{pattern!r} was not seen {count} times\n{self.tail(machine)}")

    def assert_before(self, machine: Machine, first: str, then: str) -> None:
        """One event or console line came before another one."""
        one, other = machine.log.find(first), machine.log.find(then)
        self.assertIsNotNone(one, f"{first!r} was not seen\n{self.tail(machine)}")
        self.assertIsNotNone(other, f"{then!r} was not seen\n{self.tail(machine)}")
        self.assertLess(one, other, f"{first!r} came after {then!r}")

    @staticmethod
    def tail(machine: Machine) -> str:
        """The last events and console lines, in order."""
        lines = sorted(machine.log.events[-25:] + machine.log.console[-40:])
        return "\n".join(f"{at:7.2f} {line}" for at, line in lines)
