"""Monitoring: strict JSON lines that are never torn, and no training lost to a metric."""

from __future__ import annotations

import copy
import os
import pickle
import unittest
from array import array
from decimal import Decimal
from pathlib import Path
from unittest import mock

from process_support import RunTestCase, json_lines

from ai_training_utils.monitoring import Monitoring

try:
    import numpy
except ImportError:
    numpy = None


class MonitoringTests(RunTestCase):
    @property
    def metrics(self) -> Path:
        return self.logs / "metrics.jsonl"

    def test_writes_one_strict_json_object_per_line(self) -> None:
        with Monitoring(self.logs, tensorboard=False) as monitoring:
            monitoring.log_scalar("loss/train", 0.25, 7)
            monitoring.log_scalars({"a": 1, "b": True, "c": Decimal("2.5")}, step=8)
            monitoring.log_scalars({}, 9)
        lines = json_lines(self.metrics)
        self.assertEqual(list(lines[0]), ["time", "name", "value", "step"])
        self.assertIsInstance(lines[0]["time"], float)
        found = [(line["name"], line["value"], line["step"]) for line in lines]
        self.assertEqual(found, [("loss/train", 0.25, 7), ("a", 1, 8), ("b", 1, 8), ("c", 2.5, 8)])

    def test_what_is_no_number_to_json_is_a_string(self) -> None:
        monitoring = Monitoring(self.logs, tensorboard=False)
        for value in (float("nan"), float("inf"), float("-inf")):
            monitoring.log_scalar("loss\n\u2028", value, 1)
        monitoring.close()
        values = [line["value"] for line in json_lines(self.metrics)]
        self.assertEqual(values, ["NaN", "Infinity", "-Infinity"])

    def test_a_bad_value_costs_its_line_and_one_warning(self) -> None:
        monitoring = Monitoring(self.logs, tensorboard=False)
        bad = ["0.5", b"1", None, [1.0], {}, 1j, object(), 10**400, array("d", [1, 2])]
        with self.assertLogs("ai_training_utils", "WARNING") as warnings:
            for value in bad:
                monitoring.log_scalars({"good": 1.0, "accuracy": value}, 1)
        self.assertEqual(len(warnings.output), 1)
        self.assertIn("metric 'accuracy' must be one number, not str '0.5'", warnings.output[0])
        for step in (1.5, "1", None, float("nan"), float("inf")):
            with self.assertLogs("ai_training_utils", "WARNING") as warnings:
                Monitoring(self.logs, tensorboard=False).log_scalar("loss", 1.0, step)
            self.assertIn("step of metric 'loss' must be a whole number", warnings.output[0])
        for name in ("", None, 3):
            with self.assertLogs("ai_training_utils", "WARNING") as warnings:
                monitoring.log_scalar(name, 1.0, 1)
            self.assertIn("name of a metric", warnings.output[0])
        monitoring.close()
        found = [(line["name"], line["value"]) for line in json_lines(self.metrics)]
        self.assertEqual(found, [("good", 1.0)] * len(bad))

    def test_a_whole_step_may_be_a_float_and_the_attempt_is_written(self) -> None:
        with mock.patch.dict(os.environ, {"AI_TRAINING_ATTEMPT": "3"}):
            monitoring = Monitoring(self.logs, tensorboard=False)
        monitoring.log_scalar("loss", 0.5, 7.0)
        monitoring.close()
        (line,) = json_lines(self.metrics)
        self.assertEqual((line["step"], line["attempt"]), (7, 3))

    def test_copies_write_to_the_same_file(self) -> None:
        monitoring = pickle.loads(pickle.dumps(Monitoring(self.logs)))
        copy.deepcopy(monitoring).log_scalar("loss", 1.0, 1)
        monitoring.log_scalar("loss", 2.0, 2)
        self.assertEqual([line["value"] for line in json_lines(self.metrics)], [1.0, 2.0])

    @unittest.skipIf(numpy is None, "NumPy is not installed")
    def test_numpy_scalars_are_numbers(self) -> None:
        monitoring = Monitoring(self.logs, tensorboard=False)
        monitoring.log_scalar("a", numpy.float32(0.5), numpy.int64(3))
        monitoring.log_scalar("b", numpy.array(2), numpy.array(4))
        monitoring.log_scalar("c", numpy.array([1.5]), 5)
        monitoring.log_scalar("d", numpy.float16("nan"), 6)
        with self.assertLogs("ai_training_utils", "WARNING"):
            monitoring.log_scalar("e", numpy.zeros(2), 7)
        with self.assertLogs("ai_training_utils", "WARNING"):
            monitoring.log_scalar("f", numpy.array("text"), 7)
        monitoring.close()
        found = [(line["value"], line["step"]) for line in json_lines(self.metrics)]
        self.assertEqual(found, [(0.5, 3), (2.0, 4), (1.5, 5), ("NaN", 6)])

    def test_a_tensor_is_asked_for_its_item(self) -> None:
        class Tensor:
            def __init__(self, *values: float) -> None:
                self.values = values

            def item(self) -> float:
                if len(self.values) != 1:
                    raise RuntimeError("a Tensor with 2 elements cannot be converted")
                return self.values[0]

        monitoring = Monitoring(self.logs, tensorboard=False)
        monitoring.log_scalar("loss", Tensor(0.5), 1)
        with self.assertLogs("ai_training_utils", "WARNING"):
            monitoring.log_scalar("loss", Tensor(0.5, 1.0), 1)
        monitoring.close()
        self.assertEqual(len(json_lines(self.metrics)), 1)

    def test_threads_processes_and_forks_write_whole_lines(self) -> None:
        code = """
            import os, sys, threading
            from ai_training_utils.monitoring import Monitoring
            monitoring = Monitoring(tensorboard=False)
            def write(count):
                for number in range(count):
                    monitoring.log_scalars({"n" * 300: number, "m" * 300: number}, number)
            threads = [threading.Thread(target=write, args=(200,)) for _ in range(3)]
            [thread.start() for thread in threads]
            children = []
            for _ in range(10):
                child = os.fork()
                if child == 0:
                    write(10)
                    os._exit(0)
                children.append(child)
            [thread.join() for thread in threads]
            assert all(os.waitpid(child, 0)[1] == 0 for child in children)
        """
        trainers = [self.start(code, *self.arguments(), options=("-W", "ignore")) for _ in range(2)]
        for trainer in trainers:
            _, stderr = trainer.communicate(timeout=60)
            self.assertEqual(trainer.returncode, 0, stderr)
        self.assertEqual(len(json_lines(self.metrics)), 2 * 2 * (3 * 200 + 10 * 10))

    def test_a_torn_line_of_a_crash_spoils_only_itself(self) -> None:
        self.logs.mkdir()
        self.metrics.write_text('{"time": 1.0, "na')
        monitoring = Monitoring(self.logs, tensorboard=False)
        monitoring.log_scalar("loss", 1.0, 1)
        monitoring.close()
        monitoring.log_scalar("loss", 2.0, 2)
        monitoring.close()
        lines = self.metrics.read_text().splitlines()
        self.assertEqual(len(lines), 3)
        self.assertIn('"value": 2.0', lines[2])

    def test_a_disk_that_is_full_for_a_while(self) -> None:
        code = """
            import resource
            from ai_training_utils.monitoring import Monitoring
            monitoring = Monitoring()
            monitoring.log_scalar("before", 1, 0)
            hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
            resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
            for step in range(100):
                monitoring.log_scalar("during", step, step)
            monitoring.flush()
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
            monitoring.log_scalar("after", 1, 100)
            monitoring.close()
        """
        _, stderr = self.assert_runs(code, *self.arguments())
        # TensorBoard's own thread may print its traceback too.
        self.assertLessEqual(stderr.count("cannot write TensorBoard"), 1, stderr)
        self.assertEqual(stderr.count("metrics.jsonl"), 1, stderr)
        lines = self.metrics.read_text().splitlines()
        # One line was cut off where the disk was full, and ended before the next.
        whole = [line for line in lines if line.startswith("{") and line.endswith("}")]
        self.assertIn(len(lines) - len(whole), (0, 1))
        self.assertIn('"after"', lines[-1])
        self.assertEqual(lines[-1], whole[-1])

    @unittest.skipUnless(Path("/dev/full").exists(), "there is no /dev/full")
    def test_a_full_disk_is_told_once(self) -> None:
        self.logs.mkdir()
        self.metrics.symlink_to("/dev/full")
        code = """
            from ai_training_utils.monitoring import Monitoring
            monitoring = Monitoring(tensorboard=False)
            for step in range(50):
                monitoring.log_scalar("loss", 1.0, step)
        """
        _, stderr = self.assert_runs(code, *self.arguments())
        self.assertEqual(stderr.count("No space left on device"), 1, stderr)

    def test_a_directory_that_is_read_only_is_told_once(self) -> None:
        self.logs.mkdir()
        self.logs.chmod(0o555)
        self.root.chmod(0o755)
        code = """
            import os, sys
            from ai_training_utils.monitoring import Monitoring
            from ai_training_utils.logging_helper import LoggingHelper
            if os.getuid() == 0:
                os.setuid(65534)
            monitoring = Monitoring(sys.argv[1])
            for step in range(50):
                monitoring.log_scalar("loss", 1.0, step)
                LoggingHelper().info("step %d", step)
        """
        _, stderr = self.assert_runs(
            code, str(self.logs), AI_TRAINING_LOGS_DIRECTORY=str(self.logs)
        )
        self.assertEqual(os.listdir(self.logs), [])
        self.assertNotIn("Traceback", stderr)
        self.assertEqual(stderr.count("metrics.jsonl"), 1, stderr)
        self.assertEqual(stderr.count("training.log"), 1, stderr)

    def test_uses_the_logs_directory_of_the_run(self) -> None:
        code = """
            from ai_training_utils.monitoring import Monitoring
            Monitoring().log_scalar("loss", 1, 1)
        """
        self.assert_runs(code, *self.arguments(), options=("-S",))
        self.assertEqual(len(json_lines(self.metrics)), 1)
        self.assertEqual(os.listdir(self.logs), ["metrics.jsonl"])
        status, _, stderr = self.run_trainer(code)
        self.assertEqual(status, 1)
        self.assertIn("no logs_directory", stderr)
