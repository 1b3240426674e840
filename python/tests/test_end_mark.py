"""The line by which the agent knows that a process ended by itself."""

from __future__ import annotations

import sys
import tempfile
import unittest
from pathlib import Path

from process_support import RunTestCase

_TRAINER = """
    import ai_training_utils._observe
    import mmap, multiprocessing, os, signal, sys, threading, time

    def work(kind):
        if kind == "leaves":
            os._exit(0)
        if kind == "raises":
            raise RuntimeError

    def in_worker(kind):
        worker = multiprocessing.get_context("fork").Process(target=work, args=(kind,))
        worker.start()
        worker.join()
        print(worker.pid, flush=True)
        os._exit(0)

    def mapped():
        with open("mapped", "w+b") as file:
            file.truncate(4096)
            kept.append(mmap.mmap(file.fileno(), 0))
        sys.exit(1)

    kept = []
    print(os.getpid(), flush=True)
    exec(sys.argv[1])
"""


@unittest.skipUnless(sys.platform == "linux", "the observer reads /proc")
class EndMarkTests(RunTestCase):
    def lines(self, code: str) -> tuple:
        """Run a trainer that ends by ``code``; the numbers that it and its end wrote."""
        directory = Path(tempfile.mkdtemp(dir=self.root))
        _, stdout, stderr = self.run_trainer(
            _TRAINER, code, AI_TRAINING_OBSERVE="1", AI_TRAINING_OBSERVER_DIRECTORY=str(directory)
        )
        self.assertNotIn("observer", stderr)
        path = directory / "ends"
        text = path.read_text() if path.exists() else ""
        printed = [int(line) for line in stdout.splitlines()]
        return printed, [[int(word) for word in line.split()] for line in text.splitlines()]

    def test_who_ends_by_itself_says_so(self) -> None:
        for code in ("pass", "sys.exit(1)", "raise RuntimeError"):
            with self.subTest(code):
                (process,), (line,) = self.lines(code)
                self.assertEqual(line[0], process)
                self.assertGreater(line[2], 1_600_000_000 * 10**9)

    def test_who_is_ended_does_not(self) -> None:
        for code in ("os._exit(0)", "os.kill(os.getpid(), signal.SIGKILL)", "os.abort()"):
            with self.subTest(code):
                self.assertEqual(self.lines(code)[1], [])

    def test_a_worker_that_returns_or_raises_says_so(self) -> None:
        for kind in ("returns", "raises"):
            with self.subTest(kind):
                (_, worker), (line,) = self.lines(f"in_worker('{kind}')")
                self.assertEqual(line[0], worker)

    def test_a_worker_that_leaves_does_not(self) -> None:
        self.assertEqual(self.lines("in_worker('leaves')")[1], [])

    def test_what_is_open_for_writing_is_listed(self) -> None:
        code = "kept += [open('written', 'w'), open('read', 'a').close() or open('read')]; 1 / 0"
        _, (line,) = self.lines(code)
        self.assertIn((self.root / "written").stat().st_ino, line[3:])
        self.assertNotIn((self.root / "read").stat().st_ino, line[3:])

    def test_what_is_mapped_for_writing_is_listed(self) -> None:
        _, (line,) = self.lines("mapped()")
        self.assertIn((self.root / "mapped").stat().st_ino, line[3:])


if __name__ == "__main__":
    unittest.main()
