"""Starts an emulator as another program would, and runs real clients against it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# gsutil and gcloud take a name that ends in # and digits for a generation: see FACTS.md
NASTY_NAMES = [
    "plain.txt", "with space.txt", " lead trail ", "žluťoučký 火 🔥.txt", "-dash.txt", "--help",
    "hash#1.txt", "100%.txt", "p%20q.txt", "a*b.txt", "aXb.txt", "[x].txt", "x.txt", "q?.txt",
    "quo\"te'.txt", "back\\slash", "a+b&c=d;e,f", "sub/deep/er.txt", "sub/empty",
]  # fmt: skip


def needs(tool: str) -> Callable[[Any], Any]:
    return unittest.skipUnless(shutil.which(tool), f"{tool} is not installed here")


class Answer:
    """Status, headers and body of an HTTP answer, good or bad."""

    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def json(self) -> Any:
        return json.loads(self.body)


def request(
    method: str, address: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> Answer:
    asked = urllib.request.Request(address, body, headers or {}, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(asked, timeout=30) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


class Emulator:
    """One emulator in a process of its own, until `stop`."""

    def __init__(self, program: str, *arguments: str) -> None:
        self.folder = tempfile.mkdtemp(prefix="test-cloud-")
        port_file = os.path.join(self.folder, "ports.json")
        command = [sys.executable, os.path.join(HERE, program), "--port", "0"]
        command += ["--data", self.folder, "--port-file", port_file]
        command += ["--parent-pid", str(os.getpid()), *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 180
        while not os.path.exists(port_file):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{program} did not start")
            time.sleep(0.05)
        with open(port_file, encoding="utf-8") as file:
            self.told = json.load(file)
        self.address = f"http://127.0.0.1:{self.told['http']}"
        self.environment = {**os.environ, **self.told["environment"]}
        for name in self.told["unset"]:
            self.environment.pop(name, None)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder)

    def post(self, what: str, value: Any) -> Any:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return request("POST", f"{self.address}/_emu/{what}", body).json()

    def get(self, what: str) -> Any:
        return request("GET", f"{self.address}/_emu/{what}").json()

    def put(self, bucket: str, name: str, data: bytes) -> None:
        self.post(f"object?bucket={bucket}&name={quote(name)}", data)

    def put_many(self, bucket: str, names: list[str]) -> None:
        self.post("objects", {"bucket": bucket, "names": names})

    def objects(self, bucket: str, prefix: str = "") -> dict[str, dict[str, Any]]:
        """What lies below the prefix, by the rest of its name."""
        found = self.get(f"objects?bucket={bucket}&prefix={quote(prefix)}")
        return {entry["name"][len(prefix) :]: entry for entry in found}

    def data(self, bucket: str, name: str) -> bytes:
        query = f"bucket={bucket}&name={quote(name)}"
        return request("GET", f"{self.address}/_emu/object?{query}").body

    def requests(self, *starts: str) -> list[dict[str, Any]]:
        """What was asked since the last call, of the methods named."""
        seen = self.get("requests?clear=1")
        return [entry for entry in seen if not starts or entry["line"].startswith(starts)]


class EmulatorTest(unittest.TestCase):
    """Tests against one emulator; `bucket` is there and new for each test."""

    program = ""
    arguments: tuple[str, ...] = ()
    emulator: Emulator
    bucket = "bucket-of-tests"

    @classmethod
    def setUpClass(cls) -> None:
        cls.emulator = Emulator(cls.program, *cls.arguments)
        cls.addClassCleanup(cls.emulator.stop)

    def setUp(self) -> None:
        self.emulator.post("reset", {})
        self.emulator.post("bucket", {"name": self.bucket})
        self.make_folder()

    def make_folder(self) -> None:
        """A folder of its own for each test, in which the clients run."""
        self.folder = tempfile.mkdtemp(prefix="test-cloud-files-")
        self.addCleanup(shutil.rmtree, self.folder)

    def run_client(
        self, *command: str, fails: bool = False, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**self.emulator.environment, **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )
        what = f"{' '.join(command)} → {done.returncode}\n{done.stdout}{done.stderr}"
        self.assertEqual(done.returncode != 0, fails, what)
        return done

    def path(self, *parts: str) -> str:
        return os.path.join(self.folder, *parts)

    def write(self, name: str, data: bytes) -> str:
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        os.utime(path, (1700000000, 1700000000))  # aws sends files of the last second again
        return path

    def write_nasty_tree(self, folder: str) -> dict[str, bytes]:
        tree = {name: f"bytes of {name}".encode() for name in NASTY_NAMES}
        tree["sub/empty"] = b""
        for name, data in tree.items():
            self.write(os.path.join(folder, name), data)
        return tree

    def read_tree(self, folder: str) -> dict[str, bytes]:
        tree = {}
        for directory, _, names in os.walk(self.path(folder)):
            for name in names:
                path = os.path.join(directory, name)
                with open(path, "rb") as file:
                    tree[os.path.relpath(path, self.path(folder))] = file.read()
        return tree

    def assert_stored(self, tree: dict[str, bytes], prefix: str) -> None:
        """Below the prefix lie exactly these files, byte for byte."""
        found = self.emulator.objects(self.bucket, prefix)
        self.assertEqual(sorted(found), sorted(tree))
        for name, data in tree.items():
            self.assertEqual(self.emulator.data(self.bucket, prefix + name), data, name)


def noise(size: int) -> bytes:
    """Bytes that look random and are the same every time."""
    seed = hashlib.sha256(b"noise").digest()
    return hashlib.shake_256(seed).digest(size)
