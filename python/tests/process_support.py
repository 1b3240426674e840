"""What the tests share: a temporary run, trainers as child processes, waiting with a deadline."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
from pathlib import Path

PACKAGE_ROOT = Path(__file__).resolve().parent.parent
# Frameworks take long to import where other tests run too.
DEADLINE_SECONDS = 300.0

if str(PACKAGE_ROOT) not in sys.path:
    sys.path.insert(0, str(PACKAGE_ROOT))


def wait_until(condition, what: str, seconds: float = DEADLINE_SECONDS):
    """Return what the condition gives once it is true; fail after the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s in vain: {what}")
        time.sleep(0.01)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_alive(process: int) -> bool:
    """Whether there is such a process that is no zombie."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return not Path("/proc").is_dir()
    return status.rpartition(")")[2].split()[0] != "Z"


def json_lines(path: Path) -> list:
    """All lines as JSON; a constant that strict JSON does not know is an error."""

    def refuse(constant: str):
        raise ValueError(f"{constant} is no JSON")

    return [json.loads(line, parse_constant=refuse) for line in path.read_text().splitlines()]


class RunTestCase(unittest.TestCase):
    """A test with the three directories of a run, and trainers that run in processes."""

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = Path(os.path.realpath(temporary.name))
        self.dataset = self.root / "dataset"
        self.output = self.root / "output"
        self.logs = self.root / "logs"
        self.dataset.mkdir()

    def arguments(self) -> list:
        return [
            f"--dataset_directory={self.dataset}",
            "--output_directory",
            str(self.output),
            "--logs-directory",
            str(self.logs),
        ]

    def environment(self, **changes: str) -> dict:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("AI_TRAINING_")}
        for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE", "PYTHONPATH"):
            clean.pop(name, None)
        return {**clean, "PYTHONPATH": str(PACKAGE_ROOT), **changes}

    def start(self, code: str, *arguments: str, options: tuple = (), **environment: str):
        """Start a trainer given as source; it is killed at the end of the test."""
        process = subprocess.Popen(
            [sys.executable, *options, "-c", textwrap.dedent(code), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment(**environment),
            cwd=self.root,
            text=True,
        )
        self.addCleanup(self._end, process)
        return process

    def run_trainer(self, code: str, *arguments: str, **more):
        """Run a trainer given as source to its end; its status, stdout and stderr."""
        process = self.start(code, *arguments, **more)
        stdout, stderr = process.communicate(timeout=DEADLINE_SECONDS)
        return process.returncode, stdout, stderr

    def assert_runs(self, code: str, *arguments: str, **more):
        """Run a trainer that must succeed; its stdout and stderr."""
        status, stdout, stderr = self.run_trainer(code, *arguments, **more)
        self.assertEqual(status, 0, stderr)
        return stdout, stderr

    def _end(self, process: subprocess.Popen) -> None:
        process.kill()
        process.communicate()
