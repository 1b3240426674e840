"""Alerts: a line each, for the agent, whatever the training says."""

from __future__ import annotations

import os
import unittest
from unittest import mock

from process_support import RunTestCase, json_lines

from ai_training_utils.alerts import alert
from ai_training_utils.path_helper import PathHelper


class AlertTests(RunTestCase):
    def setUp(self) -> None:
        super().setUp()
        patch = mock.patch.object(PathHelper, "logs_directory", self.logs)
        patch.start()
        self.addCleanup(patch.stop)

    def test_an_alert_is_one_line(self) -> None:
        with mock.patch.dict(os.environ, {"AI_TRAINING_ATTEMPT": "3"}):
            alert("the loss\nexploded", "x" * 1000, level="error")
            alert("again")
        lines = json_lines(self.logs / "alerts.jsonl")
        self.assertEqual([line["title"] for line in lines], ["the loss\nexploded", "again"])
        self.assertEqual([line["level"] for line in lines], ["error", "warning"])
        self.assertEqual(len(lines[0]["text"]), 500)
        self.assertEqual(lines[0]["attempt"], 3)

    def test_a_level_that_is_none_is_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "info, warning, error"):
            alert("title", level="loud")


if __name__ == "__main__":
    unittest.main()
