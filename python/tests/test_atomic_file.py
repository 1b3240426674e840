"""atomic_path: the old file or the new one, never half of one."""

from __future__ import annotations

import os
import signal
import threading

from process_support import RunTestCase, wait_until

from ai_training_utils.atomic_file import atomic_path


class AtomicPathTests(RunTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.output.mkdir()
        self.target = self.output / "model.npz"

    def names(self) -> list:
        return sorted(os.listdir(self.output))

    def test_replaces_and_leaves_nothing_else(self) -> None:
        for text in ("one", "two"):
            with atomic_path(self.target) as temporary:
                self.assertTrue(temporary.name.startswith(".tmp-"))
                self.assertEqual(temporary.suffix, ".npz")
                temporary.write_text(text)
                self.assertNotEqual(self.target.exists() and self.target.read_text(), text)
            self.assertEqual(self.target.read_text(), text)
        self.assertEqual(self.names(), ["model.npz"])

    def test_its_rename_shows_in_its_times(self) -> None:
        for _ in range(20):
            with atomic_path(self.target) as temporary:
                temporary.write_text("whole")
            information = self.target.stat()
            self.assertGreater(information.st_ctime_ns, information.st_mtime_ns)

    def test_an_exception_keeps_the_old_file(self) -> None:
        self.target.write_text("old")
        with self.assertRaises(KeyboardInterrupt), atomic_path(self.target) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt
        self.assertEqual(self.target.read_text(), "old")
        self.assertEqual(self.names(), ["model.npz"])

    def test_a_file_that_was_not_written_is_an_error(self) -> None:
        with self.assertRaises(FileNotFoundError), atomic_path(self.target):
            pass

    def test_relative_paths_and_long_names(self) -> None:
        target = self.output / ("ü" * 120 + ".pt")
        with atomic_path(os.path.relpath(target)) as temporary:
            self.assertEqual(temporary.suffix, ".pt")
            temporary.write_text("long")
        self.assertEqual(target.read_text(), "long")

    def test_a_killed_writer_leaves_the_old_file(self) -> None:
        self.target.write_text("old")
        code = """
            import sys
            from ai_training_utils.atomic_file import atomic_path
            with atomic_path(sys.argv[1]) as temporary:
                temporary.write_text("half")
                print("written", flush=True)
                sys.stdin.read()
        """
        trainer = self.start(code, str(self.target))
        self.assertEqual(trainer.stdout.readline(), "written\n")
        trainer.send_signal(signal.SIGKILL)
        trainer.wait()
        self.assertEqual(self.target.read_text(), "old")
        leftover = self.output / self.names()[0]
        self.assertTrue(leftover.name.startswith(".tmp-"))

        with atomic_path(self.target) as temporary:
            temporary.write_text("new")
        self.assertTrue(leftover.exists(), "what is young may belong to another machine")
        os.utime(leftover, (0, 0))
        with atomic_path(self.target) as temporary:
            # Ours is as old, but we are alive.
            temporary.write_text("newer")
            os.utime(temporary, (0, 0))
            with atomic_path(self.output / "other") as other:
                other.write_text("other")
        self.assertEqual(self.names(), ["model.npz", "other"])

    def test_many_writers_of_one_file(self) -> None:
        def write(text: str) -> None:
            for _ in range(20):
                with atomic_path(self.target) as temporary:
                    temporary.write_text(text)

        texts = ["a" * 10000, "b" * 20000]
        threads = [threading.Thread(target=write, args=(text,)) for text in texts]
        for thread in threads:
            thread.start()
        wait_until(self.target.exists, "a first file")
        while any(thread.is_alive() for thread in threads):
            self.assertIn(self.target.read_text(), texts)
        self.assertEqual(self.names(), ["model.npz"])
