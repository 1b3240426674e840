"""LoggingHelper: one logger, one line per message, and no training lost to a log."""

from __future__ import annotations

import unittest
from pathlib import Path

from process_support import RunTestCase


class LoggingHelperTests(RunTestCase):
    def log_lines(self) -> list:
        return (self.logs / "training.log").read_text().splitlines()

    def test_writes_each_message_once_to_file_and_stdout(self) -> None:
        code = """
            import importlib, logging
            logging.basicConfig(level=logging.DEBUG)
            from ai_training_utils import logging_helper
            log = logging_helper.LoggingHelper()
            assert log is logging_helper.LoggingHelper()
            log.info("epoch %d of %s", 1, "many")
            importlib.reload(logging_helper)
            again = logging_helper.LoggingHelper()
            assert again.logger is log.logger
            again.debug("detail")
            again.warning("careful")
            again.error("wrong")
            try:
                1 / 0
            except ZeroDivisionError:
                again.exception("division")
        """
        stdout, stderr = self.assert_runs(code, *self.arguments())
        self.assertEqual(stderr, "")
        self.assertEqual(stdout.count("epoch 1 of many"), 1)
        self.assertNotIn("detail", stdout)
        lines = self.log_lines()
        self.assertRegex(lines[0], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO epoch 1 of many$")
        self.assertRegex(lines[1], r"Z DEBUG detail$")
        self.assertRegex(lines[2], r"Z WARNING careful$")
        self.assertRegex(lines[3], r"Z ERROR wrong$")
        self.assertEqual(lines[-1], "ZeroDivisionError: division by zero")

    def test_threads_and_processes_write_whole_lines(self) -> None:
        code = """
            import sys, threading
            from ai_training_utils.logging_helper import LoggingHelper
            def write(name):
                for number in range(100):
                    LoggingHelper().info("%s %d %s", name, number, name * 200)
            threads = [threading.Thread(target=write, args=(c,)) for c in sys.argv[-1]]
            [thread.start() for thread in threads]
            [thread.join() for thread in threads]
        """
        trainers = [self.start(code, *self.arguments(), letters) for letters in ("abc", "def")]
        for trainer in trainers:
            trainer.communicate(timeout=60)
            self.assertEqual(trainer.returncode, 0)
        lines = self.log_lines()
        self.assertEqual(len(lines), 600)
        for line in lines:
            self.assertRegex(line, r"Z INFO ([a-f]) \d+ \1{200}$")

    def test_a_bad_message_does_not_end_the_training(self) -> None:
        code = """
            from ai_training_utils.logging_helper import LoggingHelper
            LoggingHelper().info("%d", "no number")
            LoggingHelper().info("surrogate \\udcff and umlaut \\u00fc")
            LoggingHelper().info("after")
        """
        self.assert_runs(code, *self.arguments(), PYTHONIOENCODING="ascii")
        self.assertTrue(self.log_lines()[-1].endswith("after"))
        self.assertEqual(len(self.log_lines()), 2)

    @unittest.skipUnless(Path("/dev/full").exists(), "there is no /dev/full")
    def test_a_full_disk_is_told_once(self) -> None:
        self.logs.mkdir()
        (self.logs / "training.log").symlink_to("/dev/full")
        code = """
            from ai_training_utils.logging_helper import LoggingHelper
            for number in range(50):
                LoggingHelper().info("message %d", number)
        """
        stdout, stderr = self.assert_runs(code, *self.arguments())
        self.assertIn("message 49", stdout)
        self.assertEqual(stderr.count("No space left on device"), 1, stderr)

    def test_a_closed_console_is_survived(self) -> None:
        code = """
            import os, sys
            from ai_training_utils.logging_helper import LoggingHelper
            sys.stdout.close()
            LoggingHelper().info("unheard")
            sys.stdout = None
            LoggingHelper().info("unheard too")
        """
        _, stderr = self.assert_runs(code, *self.arguments())
        self.assertEqual(len(self.log_lines()), 2)
        self.assertNotIn("Traceback", stderr)

    def test_without_a_logs_directory_there_is_the_console(self) -> None:
        code = """
            from ai_training_utils.logging_helper import LoggingHelper
            from ai_training_utils.path_helper import PathHelper
            LoggingHelper().info("first")
            LoggingHelper().info("second")
            PathHelper().parse_arguments([*__import__("sys").argv[1:], "--logs_directory", "later"])
            LoggingHelper().info("third")
        """
        stdout, stderr = self.assert_runs(code, *self.arguments()[:3])
        self.assertEqual(len(stdout.splitlines()), 3)
        self.assertEqual(stderr.count("no logs_directory"), 1)
        self.assertIn("third", (self.root / "later" / "training.log").read_text())

    def test_a_logging_configuration_does_not_switch_it_off(self) -> None:
        code = """
            import logging, logging.config
            from ai_training_utils.logging_helper import LoggingHelper
            log = LoggingHelper()
            logging.config.dictConfig({"version": 1})
            log.info("still here")
            logging.getLogger("ai_training_utils").warning("here too")
        """
        stdout, _ = self.assert_runs(code, *self.arguments())
        self.assertIn("still here", stdout)
        self.assertEqual(len(self.log_lines()), 2)

    def test_has_every_method_of_a_logger_and_can_be_copied(self) -> None:
        code = """
            import copy, logging, pickle
            from ai_training_utils.logging_helper import LoggingHelper
            log = LoggingHelper()
            assert copy.deepcopy({"log": log})["log"] is log
            assert pickle.loads(pickle.dumps(log)) is log
            log.setLevel(logging.ERROR)
            log.info("too low")
            log.critical("high")
            log.log(logging.ERROR, "number %d", 3)
            assert not hasattr(log, "no_such_method")
        """
        self.assert_runs(code, *self.arguments())
        self.assertEqual(
            [line.split(" ", 1)[1] for line in self.log_lines()],
            ["CRITICAL high", "ERROR number 3"],
        )

    def test_names_the_callers_line(self) -> None:
        code = """
            import logging
            from ai_training_utils.logging_helper import LoggingHelper
            helper = LoggingHelper()
            helper.logger.handlers[0].setFormatter(logging.Formatter("%(funcName)s"))
            def caller():
                helper.info("here")
            caller()
        """
        self.assertEqual(self.assert_runs(code, *self.arguments())[0], "caller\n")
