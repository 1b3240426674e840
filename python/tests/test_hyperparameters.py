"""Hyperparameters: typed, changed at safe points, answered once, replayed after a restart."""

from __future__ import annotations

import json
import os
import unittest
from pathlib import Path
from unittest import mock

from process_support import RunTestCase, json_lines

from ai_training_utils.hyperparameters import Hyperparameters
from ai_training_utils.path_helper import PathHelper


class HyperparametersTests(RunTestCase):
    def setUp(self) -> None:
        super().setUp()
        patch = mock.patch.dict(os.environ)
        patch.start()
        self.addCleanup(patch.stop)
        for name in ("AI_TRAINING_TUNING_FILE", "RANK"):
            os.environ.pop(name, None)
        PathHelper().parse_arguments(self.arguments())
        self.requests = self.logs / "tuning.jsonl"

    def declared(self) -> Hyperparameters:
        hp = Hyperparameters(learning_rate=1e-3, batch_size=64, use_aug=True, optimizer="adam")
        hp.declare("dropout", 0.1, minimum=0.0, maximum=0.9)
        return hp

    def request(self, identifier: object, name: object, value: object) -> None:
        self.write(json.dumps({"id": identifier, "name": name, "value": value}) + "\n")

    def write(self, text: str) -> None:
        with open(self.requests, "a") as file:
            file.write(text)

    def answers(self) -> list:
        path = self.logs / "tuning_ack.jsonl"
        return json_lines(path) if path.exists() else []

    def test_defaults_access_and_assignment(self) -> None:
        hp = self.declared()
        self.assertEqual(hp.learning_rate, 1e-3)
        self.assertEqual(hp["batch_size"], 64)
        hp.learning_rate = 1
        self.assertIsInstance(hp.learning_rate, float)
        hp["batch_size"] = 32
        self.assertEqual(dict(hp)["batch_size"], 32)
        self.assertIn("use_aug", hp)
        self.assertIn("'batch_size': 32", repr(hp))
        with self.assertRaises(AttributeError):
            hp.typo = 1
        with self.assertRaises(KeyError):
            hp["typo"]
        with self.assertRaises(ValueError):
            hp.dropout = 1.0
        with self.assertRaises(ValueError):
            hp.use_aug = 1

    def test_bad_declarations(self) -> None:
        for name in ("update", "_knobs", "two words", "keys", ""):
            with self.assertRaises(ValueError):
                Hyperparameters(**{name: 1})
        for default in (None, [1], (1,)):
            with self.assertRaises(TypeError):
                Hyperparameters(x=default)
        with self.assertRaises(TypeError):
            Hyperparameters().declare("x", "text", minimum=1)
        with self.assertRaises(ValueError):
            Hyperparameters().declare("x", 5, maximum=4)

    def test_a_request_is_applied_and_answered_once(self) -> None:
        hp = self.declared()
        self.assertEqual(hp.update(1), {})
        self.request(1, "learning_rate", 1e-4)
        self.assertEqual(hp.update(2), {"learning_rate": 1e-4})
        self.assertEqual(hp.learning_rate, 1e-4)
        self.assertEqual(hp.update(3), {})
        (answer,) = self.answers()
        self.assertIsInstance(answer.pop("time"), float)
        self.assertEqual(
            answer,
            {
                "id": 1,
                "name": "learning_rate",
                "value": 1e-4,
                "step": 2,
                "accepted": True,
                "reason": "",
            },
        )

    def test_text_is_read_as_the_declared_type(self) -> None:
        hp = self.declared()
        texts = ["1e-4", "128", "false", "sgd", " 0.5 "]
        for number, (name, text) in enumerate(zip(hp, texts)):
            self.request(number, name, text)
        hp.update(1)
        self.assertEqual(
            dict(hp),
            {
                "learning_rate": 1e-4,
                "batch_size": 128,
                "use_aug": False,
                "optimizer": "sgd",
                "dropout": 0.5,
            },
        )
        self.request(9, "batch_size", 256.0)
        self.assertEqual(hp.update(2), {"batch_size": 256})
        self.assertIsInstance(hp.batch_size, int)

    def test_bad_requests_are_refused_with_a_reason(self) -> None:
        hp = self.declared()
        before = dict(hp)
        bad = [
            ("learning_rate", "fast"),
            ("learning_rate", True),
            ("learning_rate", None),
            ("learning_rate", 10**400),
            ("learning_rate", "nan"),
            ("batch_size", 1.5),
            ("batch_size", "1e400"),
            ("batch_size", [1]),
            ("use_aug", 1),
            ("use_aug", "perhaps"),
            ("optimizer", 5),
            ("dropout", 0.95),
            ("dropout", -0.1),
            ("unknown", 1),
            (None, 1),
            ({"a": 1}, 1),
        ]
        for number, (name, value) in enumerate(bad):
            self.request(number, name, value)
        self.write('{"id": 90, "name": "learning_rate", "value": NaN}\n')
        self.write('{"id": 91, "name": "learning_rate", "value": -Infinity}\n{"id": 92}\n')
        with self.assertLogs("ai_training_utils", "WARNING"):
            self.assertEqual(hp.update(1), {})
        self.assertEqual(dict(hp), before)
        answers = self.answers()
        self.assertEqual([a["id"] for a in answers], [*range(len(bad)), 90, 91, 92])
        for answer in answers:
            self.assertIs(answer["accepted"], False)
            self.assertTrue(answer["reason"])
            self.assertIsInstance(answer["name"], str)
        self.assertIn("0.0 to 0.9", answers[11]["reason"])
        self.assertIn("declared: learning_rate, batch_size", answers[13]["reason"])

    def test_what_is_no_request_is_skipped(self) -> None:
        hp = self.declared()
        self.write('not json\n[1]\n{"id": "1", "name": "a"}\n{"id": true}\n\n\x00\n' + "[" * 9999)
        self.write("\n")
        self.request(1, "batch_size", 8)
        with self.assertLogs("ai_training_utils", "WARNING"):
            self.assertEqual(hp.update(1), {"batch_size": 8})
        self.assertEqual([a["id"] for a in self.answers()], [1])

    def test_half_a_line_waits_for_its_end(self) -> None:
        hp = self.declared()
        self.request(1, "batch_size", 8)
        self.write('{"id": 2, "name": "batch_')
        self.assertEqual(hp.update(1), {"batch_size": 8})
        self.assertEqual(hp.update(2), {})
        self.write('size", "value": 16}\n')
        self.assertEqual(hp.update(3), {"batch_size": 16})

    def test_a_repeated_id_and_a_rewritten_file(self) -> None:
        hp = self.declared()
        self.request(1, "batch_size", 8)
        hp.update(1)
        hp.batch_size = 4
        self.request(1, "batch_size", 8)
        self.assertEqual(hp.update(2), {})
        text = self.requests.read_text()
        replacement = self.root / "new"
        replacement.write_text(text + '{"id": 2, "name": "batch_size", "value": 9}\n')
        os.replace(replacement, self.requests)
        self.assertEqual(hp.update(3), {"batch_size": 9})
        self.requests.write_text('{"id": 3, "name": "batch_size", "value": 10}\n')
        self.assertEqual(hp.update(4), {"batch_size": 10})
        self.assertEqual([a["id"] for a in self.answers()], [1, 2, 3])

    def test_a_restart_replays_without_answering_again(self) -> None:
        hp = self.declared()
        self.request(1, "learning_rate", 0.5)
        self.request(2, "dropout", 5)
        self.request(3, "learning_rate", 0.25)
        with self.assertLogs("ai_training_utils", "WARNING"):
            hp.update(10)
        # A crash has torn the last answer, and the wider range would now allow what was refused.
        with open(self.logs / "tuning_ack.jsonl", "a") as file:
            file.write('{"id": 4, "na')
        self.request(4, "batch_size", 7)
        again = self.declared()
        again.declare("dropout", 0.1, maximum=10)
        self.assertEqual(again.update(5), {"learning_rate": 0.25, "batch_size": 7})
        self.assertEqual(again.dropout, 0.1)
        lines = (self.logs / "tuning_ack.jsonl").read_text().splitlines()
        self.assertEqual(len(lines), 5)
        self.assertEqual(json.loads(lines[4])["id"], 4)

    @unittest.skipUnless(Path("/dev/full").exists(), "there is no /dev/full")
    def test_an_answer_is_kept_until_the_disk_takes_it(self) -> None:
        link = self.logs / "tuning_ack.jsonl"
        hp = self.declared()
        # Reads the earlier answers; /dev/full would be endless.
        hp.update(0)
        link.symlink_to("/dev/full")
        self.request(1, "batch_size", 8)
        with self.assertLogs("ai_training_utils", "WARNING"):
            self.assertEqual(hp.update(1), {"batch_size": 8})
        link.unlink()
        hp._file._answers.close()
        hp.update(2)
        hp.update(3)
        self.assertEqual([(a["id"], a["step"]) for a in self.answers()], [(1, 1)])

    def test_the_file_of_the_environment_and_a_second_rank(self) -> None:
        self.requests = self.root / "elsewhere.jsonl"
        os.environ["AI_TRAINING_TUNING_FILE"] = str(self.requests)
        os.environ["RANK"] = "1"
        self.request(1, "batch_size", 8)
        self.assertEqual(self.declared().update(1), {"batch_size": 8})
        self.assertEqual(self.answers(), [])
        os.environ["RANK"] = "0"
        self.assertEqual(self.declared().update(1), {"batch_size": 8})
        self.assertEqual(len(self.answers()), 1)

    def test_a_bad_step(self) -> None:
        with self.assertRaises(TypeError):
            self.declared().update(1.5)
