"""The lines of the observer, without any framework."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[1]

# A checkpoint at step 60, one step more, and the end, all within the second between two lines.
PROGRAM = """
import time
from ai_training_utils._observer_file import observer_file

observer_file.write(59, time.monotonic())
observer_file.add("checkpoint_seconds", 0.1, 60)
observer_file.latest_step = 61
"""


class ObserverFileTest(unittest.TestCase):
    def test_the_end_tells_the_last_step(self):
        with tempfile.TemporaryDirectory() as logs:
            environment = {
                **os.environ,
                "AI_TRAINING_LOGS_DIRECTORY": logs,
                "PYTHONPATH": str(ROOT),
            }
            environment.pop("AI_TRAINING_OBSERVER_DIRECTORY", None)
            subprocess.run([sys.executable, "-c", PROGRAM], env=environment, check=True)
            text = pathlib.Path(logs, "observer.jsonl").read_text()
        lines = [json.loads(line) for line in text.splitlines()]
        self.assertEqual(lines[-1]["step"], 61)
        self.assertIn(("observer/checkpoint_seconds", 60), [(x["name"], x["step"]) for x in lines])


if __name__ == "__main__":
    unittest.main()
