"""Machines, emulated buckets and the rendered bootstrap, for the tests."""

from __future__ import annotations

import importlib.util
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
from collections.abc import Callable
from typing import Any

from machine import clouds
from machine.machine import Machine, Options
from machine.requirements import missing

# The folder Tests.
TESTS = os.path.abspath(os.path.join(os.path.dirname(__file__), os.pardir, os.pardir))
TOKEN = "the-account's-token"
SIGNED = "AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/s3/aws4_request, Signature=0"
# A loaded machine takes its time; nothing waits this long when all is well.
PATIENCE = 120


def needs(tier: str) -> Any:
    """Skips where the tier cannot run, saying why."""
    reason = missing(tier)
    return unittest.skipIf(reason, f"no {tier}: {reason}")


def needs_tool(name: str) -> Any:
    """Skips where a command is not installed."""
    return unittest.skipUnless(shutil.which(name), f"{name} is not installed")


# What takes minutes, or shows little that the others do not, is for whoever asks for it.
slow = unittest.skipUnless(os.environ.get("TRAIN_SLOW_TESTS") == "1", "TRAIN_SLOW_TESTS is not 1")
needs_moto = unittest.skipUnless(importlib.util.find_spec("moto"), "moto is not installed")


class Buckets:
    """One of the bucket emulators, in a process of its own."""

    def __init__(self, program: str, *arguments: str) -> None:
        self.folder = tempfile.mkdtemp(prefix="machine-buckets-")
        ports = os.path.join(self.folder, "ports.json")
        command = [sys.executable, os.path.join(TESTS, "Emulators", program), "--port", "0"]
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
        self.environment: dict[str, str | None] = {**told["environment"]}
        self.environment |= dict.fromkeys(told["unset"])
        self.http = f"http://127.0.0.1:{told['http']}"
        self.address = f"https://127.0.0.1:{told['https']}" if told.get("https") else self.http

    def request(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """One plain request to the emulator."""
        # moto takes urllib's own content type for a form, and lets nobody read who is nobody.
        headers = {"Content-Type": "application/octet-stream", "Authorization": SIGNED}
        asked = urllib.request.Request(self.http + path, body, headers, method=method)
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

    def fail(self, fault: dict[str, Any]) -> None:
        """See Tests/Emulators/emulator/faults.py."""
        self.request("POST", "/_emu/fail", json.dumps(fault).encode())

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


class MotoBuckets(Buckets):
    """S3's, which moto holds."""

    def make(self, bucket: str) -> None:
        self.request("PUT", f"/{bucket}")

    def put(self, bucket: str, name: str, data: bytes) -> None:
        self.request("PUT", f"/{bucket}/{urllib.parse.quote(name)}", data)

    def get(self, bucket: str, name: str) -> bytes:
        return self.request("GET", f"/{bucket}/{urllib.parse.quote(name)}")


def make(
    cloud: str,
    metadata: dict[str, str],
    tier: str = "container",
    buckets: str | None = None,
    name: str = "machine",
    routes: dict[str, str] | None = None,
    **more: Any,
) -> Machine:
    """A machine, its buckets at that address; to be used with `with`."""
    given = clouds.Given(metadata, name, token=TOKEN)
    served = {host: buckets for host in clouds.CLOUDS[cloud].hosts} if buckets else {}
    return Machine(Options(cloud, tier, given, {**served, **(routes or {})}, **more))


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

    def assert_seen(
        self, machine: Machine, pattern: str, count: int = 1, patience: float = PATIENCE
    ) -> None:
        """Waits until the event or console line has come that often."""
        over = time.monotonic() + patience
        while not (seen := machine.log.wait_for(pattern, 0.3, count)):
            if machine.tier.ended() or time.monotonic() > over:
                break
        self.assertTrue(seen, f"{pattern!r} was not seen {count} times\n{self.tail(machine)}")

    def until(
        self, machine: Machine, holds: Callable[[], bool], patience: float = PATIENCE
    ) -> None:
        """Waits for what shows outside of the machine."""
        over = time.monotonic() + patience
        while not holds():
            if machine.tier.ended() or time.monotonic() > over:
                self.fail(f"it did not come to pass\n{self.tail(machine)}")
            time.sleep(0.2)

    def assert_before(self, machine: Machine, first: str, then: str) -> None:
        """One event or console line came before another one."""
        one, other = machine.log.find(first), machine.log.find(then)
        self.assertIsNotNone(one, f"{first!r} was not seen\n{self.tail(machine)}")
        self.assertIsNotNone(other, f"{then!r} was not seen\n{self.tail(machine)}")
        self.assertLess(one, other, f"{first!r} came after {then!r}")

    @staticmethod
    def tail(machine: Machine) -> str:
        """The last events and console lines, in order."""
        lines = sorted(machine.log.events[-25:] + machine.log.console[-150:])
        return "\n".join(f"{at:7.2f} {line}" for at, line in lines)
