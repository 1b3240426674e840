"""What the emulators share: hashes, pages, faults, and an end when the parent ends."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import tempfile
import unittest

from ..emulator import hashes
from ..emulator.faults import Faults
from ..emulator.store import Refusal, Store
from .support import Emulator, noise


class Hashes(unittest.TestCase):
    def test_known_values(self) -> None:
        self.assertEqual(hashes.extend_crc32c(0, b"123456789"), 0xE3069283)
        self.assertEqual(hashes.extend_crc32c(0, bytes(32)), 0x8A9136AA)
        self.assertEqual(hashes.extend_crc32c(0, b""), 0)

    def test_lanes_agree_with_single_bytes(self) -> None:
        data = noise(3 * hashes.BLOCK // 2 + 77)
        slow = 0xFFFFFFFF
        for byte in data:
            slow = hashes.TABLE[(slow ^ byte) & 255] ^ slow >> 8
        self.assertEqual(hashes.extend_crc32c(0, data), slow ^ 0xFFFFFFFF)
        first = hashes.extend_crc32c(0, data[:5000])
        self.assertEqual(hashes.extend_crc32c(first, data[5000:]), slow ^ 0xFFFFFFFF)


class Pages(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.store = Store(os.path.join(folder.name, "objects"))
        self.store.create_bucket("b", {})
        for name in ("a/1", "a/2", "a/b/1", "a/b/2", "a/c", "b", "é/1"):
            self.store.put("b", name, name.encode())

    def walk(self, prefix: str, delimiter: str, limit: int) -> tuple[list[str], list[str]]:
        names, prefixes, after = [], [], ""
        while True:
            page = self.store.page("b", prefix, delimiter, after, limit)
            self.assertLessEqual(len(page.objects) + len(page.prefixes), limit)
            names += [found.name for found in page.objects]
            prefixes += page.prefixes
            if not page.marker:
                return names, prefixes
            after = page.marker

    def test_any_page_size_gives_the_same(self) -> None:
        for limit in (1, 2, 3, 100):
            self.assertEqual(self.walk("", "/", limit), (["b"], ["a/", "é/"]))
            self.assertEqual(self.walk("a/", "/", limit), (["a/1", "a/2", "a/c"], ["a/b/"]))
            self.assertEqual(len(self.walk("", "", limit)[0]), 7)

    def test_refusals(self) -> None:
        for call in (
            lambda: self.store.page("none"),
            lambda: self.store.find("b", "none"),
            lambda: self.store.create_bucket("b", {}),
            lambda: self.store.delete_bucket("b"),
        ):
            self.assertRaises(Refusal, call)


class FaultRules(unittest.TestCase):
    def test_skip_and_times(self) -> None:
        faults = Faults()
        faults.add({"match": "^PUT", "status": 503, "skip": 1, "times": 2})
        hits = [
            bool(faults.next_for(line)) for line in ["PUT 1", "GET 2", "PUT 3", "PUT 4", "PUT 5"]
        ]
        self.assertEqual(hits, [False, False, True, True, False])
        faults.add({"match": "GET", "status": 500})
        faults.add({})
        self.assertEqual(faults.next_for("GET"), {})


class EndOfParent(unittest.TestCase):
    def test_every_emulator_ends_with_its_parent(self) -> None:
        programs = ["google", "azure"]
        if importlib.util.find_spec("moto"):
            programs.append("amazon")
        for program in programs:
            with subprocess.Popen(["sleep", "60"]) as parent:
                emulator = Emulator(program, "--parent-pid", str(parent.pid))
                self.assertIsNone(emulator.process.poll())
                parent.kill()
            emulator.process.wait(timeout=5)
            emulator.stop()


if __name__ == "__main__":
    unittest.main()
