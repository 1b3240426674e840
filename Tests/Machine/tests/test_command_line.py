"""The machine as other test suites start it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import unittest

from .support import TESTS, needs

USER_DATA = """#cloud-config
bootcmd:
- [sh, -c, "echo the machine is up > /dev/console"]
"""


@needs("container")
class CommandLine(unittest.TestCase):
    """One run, ended by a rule."""

    def test_run(self) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"user-data": USER_DATA}, file)
            file.flush()
            command = [sys.executable, os.path.join(TESTS, "Machine"), "run"]
            command += ["--cloud", "gce", "--metadata", file.name]
            command += ["--on", "console the machine is up=>run:echo from outside > /dev/console"]
            command += ["--on", "console from outside=>powerdown", "--timeout", "120"]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr[-3000:])
        told = json.loads(done.stdout)
        self.assertEqual([boot["how"] for boot in told["boots"]], ["power-off"])
        self.assertTrue(any("action powerdown" in line for line in told["events"]))
        self.assertTrue(any("Journal started" in line for line in told["journal"]))
        self.assertTrue(any("the machine is up" in line for line in told["console"]))
