"""Hyperparameters after a restart, and those of several ranks."""

from __future__ import annotations

import json
import os
import unittest

from tuning_support import TuningTestCase


class RestartTests(TuningTestCase):
    def test_what_was_applied_is_applied_again_at_its_step(self) -> None:
        hp = self.declared()
        self.request("A", {"dropout": {"scale": 2.0}}, at_step=10)
        self.request("B", {"learning_rate": {"ramp": {"set": 1.0, "steps": 10}}}, at_step=20)
        self.request("C", {"mode": {"set": "b"}}, at_step=99)
        seen = {}
        for step in range(40):
            hp.update(step)
            seen[step] = dict(hp)
        for first in (0, 10, 15, 23, 39):
            self.restart()
            hp = self.declared()
            for step in range(first, 40):
                hp.update(step)
                self.assertEqual(dict(hp), seen[step], (first, step))
        self.assertEqual(len(self.answers("applied")), 2)
        self.assertTrue(all(line["exact"] for line in self.answers("replayed")))
        hp.update(99)
        self.assertEqual(hp.mode, "b")

    def test_a_ramp_of_a_knob_that_the_program_declares_no_more_ends_no_tuning(self) -> None:
        change = {"old": 0.1, "new": 0.9, "ramp": {"from": 0.1, "steps": 10}}
        for number, changes in enumerate(
            (
                {"was_declared_once": change},
                {"dropout": {"old": 0.1, "new": 0.3}, "typo": change | {"override": ["pin", 1]}},
            )
        ):
            with self.subTest(number):
                self.journal.write_bytes(b"")
                self.restart()
                line = {"id": "A", "state": "applied", "step": 1, "clock": "hyperparameters"}
                self.write(json.dumps(line | {"changes": changes}) + "\n")
                hp = self.declared()
                for step in range(1, 5):
                    hp.update(step)
                self.assertEqual(hp.dropout, 0.1, "all of one request, or nothing")
                self.request("B", {"dropout": {"set": 0.2}})
                hp.update(5)
                self.assertEqual(hp.dropout, 0.2)

    def test_of_another_clock_it_is_applied_late_and_said_so(self) -> None:
        self.write(
            json.dumps(
                {
                    "id": "A",
                    "state": "applied",
                    "step": 3,
                    "clock": "lightning",
                    "changes": {"dropout": {"old": 0.1, "new": 0.3}},
                }
            )
            + "\n"
        )
        hp = self.declared()
        hp.update(0)
        self.assertEqual(hp.dropout, 0.1)
        hp.update(100)
        self.assertEqual(hp.dropout, 0.3)
        self.assertFalse(self.answers("replayed")[0]["exact"])

    def test_a_follower_makes_the_same_change_at_the_same_step_and_answers_nothing(self) -> None:
        os.environ.update(RANK="1", WORLD_SIZE="2")
        hp = self.declared()
        hp.update(1)
        self.request("A", {"dropout": {"scale": 2.0}})
        hp.update(2)
        self.assertEqual(hp.dropout, 0.1)
        self.write('{"id": "A", "state": "scheduled", "step": 5}\n')
        # Rank 0 came to step 5 first.
        self.write('{"id": "A", "state": "applied", "step": 5, "changes": {}}\n')
        hp.update(4)
        self.assertEqual(hp.dropout, 0.1)
        hp.update(5)
        self.assertEqual(hp.dropout, 0.2)
        self.assertEqual([line["state"] for line in self.answers()], ["scheduled", "applied"])

    def test_the_leader_of_several_ranks_leaves_them_time_to_read(self) -> None:
        os.environ.update(RANK="0", WORLD_SIZE="2")
        hp = self.declared()
        hp.update(1)
        self.request("A", {"dropout": {"set": 0.2}})
        hp.update(2)
        (answer,) = self.answers()
        self.assertEqual(answer["state"], "scheduled")
        self.assertGreaterEqual(answer["step"], 4)
        hp.update(answer["step"] - 1)
        self.assertEqual(hp.dropout, 0.1)
        hp.update(answer["step"])
        self.assertEqual(hp.dropout, 0.2)


if __name__ == "__main__":
    unittest.main()
