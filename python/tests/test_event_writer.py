"""TensorBoard events: through what is installed, and never at the training's cost."""

from __future__ import annotations

import importlib.util
import os
import unittest

from process_support import RunTestCase, json_lines

FAKE_WRITER = """
import os, threading
class Writer:
    def __init__(self, directory):
        self.path = os.path.join(directory, "events.out.tfevents.fake")
        self.lines = []
    def add_scalar(self, name, value, step):
        if name == "break":
            raise RuntimeError("broken writer")
        self.lines.append("%s %s %s\\n" % (name, value, step))
    def flush(self):
        with open(self.path, "a") as file:
            file.writelines(self.lines)
        self.lines = []
    def close(self):
        self.flush()
SummaryWriter = Writer
"""

TRAINER = """
    import os, sys
    from ai_training_utils.monitoring import Monitoring
    monitoring = Monitoring()
    monitoring.log_scalars({"loss": 0.5, "accuracy": float("nan")}, 1)
"""


def has_real_tensorboard() -> bool:
    try:
        return importlib.util.find_spec("tensorboard.summary") is not None
    except ImportError:
        return False


class EventWriterTests(RunTestCase):
    def fake(self, module: str, source: str = FAKE_WRITER) -> str:
        """Put a module that stands for a library on a path of its own; that path."""
        path = self.root / "fakes"
        package = path.joinpath(*module.split("."))
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(source)
        return os.pathsep.join([self.environment()["PYTHONPATH"], str(path)])

    def events(self) -> list:
        return (self.logs / "tensorboard" / "events.out.tfevents.fake").read_text().splitlines()

    def test_each_library_gets_the_scalars(self) -> None:
        for module in ("tensorboard.summary", "torch.utils.tensorboard", "tensorboardX"):
            with self.subTest(module):
                path = self.fake(module)
                self.assert_runs(TRAINER, *self.arguments(), options=("-S",), PYTHONPATH=path)
                self.assertEqual(self.events(), ["loss 0.5 1", "accuracy nan 1"])
                self.tearDown()
                self.doCleanups()
                self.setUp()

    def test_a_library_that_cannot_be_imported_is_left_out(self) -> None:
        path = self.fake("tensorboard.summary", "raise RuntimeError('protobuf is too new')")
        _, stderr = self.assert_runs(TRAINER, *self.arguments(), options=("-S",), PYTHONPATH=path)
        self.assertEqual(stderr, "")
        self.assertEqual(len(json_lines(self.logs / "metrics.jsonl")), 2)

    def test_a_writer_that_breaks_is_told_once(self) -> None:
        path = self.fake("tensorboardX")
        code = """
            from ai_training_utils.monitoring import Monitoring
            monitoring = Monitoring()
            monitoring.log_scalar("loss", 1, 1)
            for step in range(20):
                monitoring.log_scalar("break", 1, step)
            monitoring._events._retry_time = 0.0
            monitoring.log_scalar("loss", 1, 2)
        """
        _, stderr = self.assert_runs(code, *self.arguments(), options=("-S",), PYTHONPATH=path)
        self.assertEqual(stderr.count("broken writer"), 1, stderr)
        self.assertEqual(len(json_lines(self.logs / "metrics.jsonl")), 22)
        self.assertEqual(self.events(), ["loss 1.0 1", "loss 1.0 2"])

    def test_a_forked_child_writes_json_lines_alone(self) -> None:
        path = self.fake("tensorboardX")
        code = """
            import os
            from ai_training_utils.monitoring import Monitoring
            monitoring = Monitoring()
            monitoring.log_scalar("parent", 1, 1)
            child = os.fork()
            if child == 0:
                monitoring.log_scalar("child", 1, 1)
                monitoring.close()
                raise SystemExit(0)
            assert os.waitpid(child, 0)[1] == 0
        """
        self.assert_runs(code, *self.arguments(), options=("-S",), PYTHONPATH=path)
        self.assertEqual(len(json_lines(self.logs / "metrics.jsonl")), 2)
        self.assertEqual(self.events(), ["parent 1.0 1"])

    @unittest.skipUnless(has_real_tensorboard(), "TensorBoard is not installed")
    def test_the_real_library_writes_what_it_can_read(self) -> None:
        code = """
            from ai_training_utils.monitoring import Monitoring
            from ai_training_utils import tensorboard as ours
            import tensorboard
            assert tensorboard is not ours
            monitoring = Monitoring()
            for step in range(5):
                monitoring.log_scalar("loss/train", 1.0 / (step + 1), step)
        """
        # Without a close: the events must be there all the same.
        self.assert_runs(code, *self.arguments())
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        events = EventAccumulator(str(self.logs / "tensorboard"))
        events.Reload()
        name = "loss/train"
        found = [
            (e.step, round(float(e.tensor_proto.float_val[0]), 4)) for e in events.Tensors(name)
        ]
        self.assertEqual(found, [(0, 1.0), (1, 0.5), (2, 0.3333), (3, 0.25), (4, 0.2)])
