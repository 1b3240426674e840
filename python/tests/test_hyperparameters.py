"""Hyperparameters: typed, changed whole at safe points, answered once, replayed after a restart."""

from __future__ import annotations

import copy
import math
import pickle
import timeit
from unittest import mock

from tuning_support import TuningTestCase

from ai_training_utils import _tuning
from ai_training_utils.checkpoint_request import CheckpointRequest


class DeclarationTests(TuningTestCase):
    def test_behaves_as_a_dict_and_can_be_copied(self) -> None:
        hp = self.declared()
        hp.update(1)
        self.assertEqual(len(hp), 6)
        self.assertEqual(dict(hp.items()), dict(hp))
        self.assertEqual((hp.get("dropout"), hp.get("unknown", 3)), (0.1, 3))
        self.assertNotIn("unknown", hp)
        hp.learning_rate = 0.25
        for other in (copy.deepcopy(hp), pickle.loads(pickle.dumps(hp))):
            self.assertEqual(other.learning_rate, 0.25)
            other.learning_rate = 0.5
            self.assertEqual((hp.learning_rate, other.learning_rate), (0.25, 0.5))
            self.assertEqual(other.update(2), {})

    def test_a_copy_in_another_process_is_tuned(self) -> None:
        data = pickle.dumps(self.declared())
        self.restart()
        hp = pickle.loads(data)
        self.request("A", {"dropout": {"set": 0.3}})
        self.assertEqual(hp.update(1), {"dropout": 0.3})
        self.assertEqual(hp.dropout, 0.3)

    def test_types_ranges_and_choices(self) -> None:
        hp = self.declared()
        hp.learning_rate = 1
        self.assertIsInstance(hp.learning_rate, float)
        hp["batch_size"] = "32"
        self.assertEqual(dict(hp)["batch_size"], 32)
        for name, value in (
            ("dropout", 1.0),
            ("dropout", math.nan),
            ("use_aug", 1),
            ("layers", 0),
            ("layers", 1.5),
            ("mode", "c"),
        ):
            with self.subTest(name), self.assertRaises(ValueError):
                setattr(hp, name, value)
        with self.assertRaisesRegex(AttributeError, "typo.*declared: learning_rate"):
            hp.typo = 1
        with self.assertRaisesRegex(ValueError, r"an int, not 0.5; declare it .*=1.0"):
            hp.batch_size = 0.5
        for name in ("update", "_x", "a b"):
            with self.subTest(name), self.assertRaises(ValueError):
                hp.declare(name, 1)
        with self.assertRaises(TypeError):
            hp.update(1.5)

    def test_a_read_and_an_idle_update_are_cheap(self) -> None:
        # Of a busy machine the best of several counts. Seconds for 10,000 calls.
        hp = self.declared()
        hp.update(0)
        with mock.patch.object(_tuning, "_LOOK_SECONDS", 0.25):
            read = min(timeit.repeat(lambda: hp.dropout, number=10_000, repeat=20))
            update = min(timeit.repeat(lambda: hp.update(1), number=10_000, repeat=20))
        self.assertLess(read / 10_000, 1e-6)
        self.assertLess(update / 10_000, 5e-6)


class RequestTests(TuningTestCase):
    def test_a_request_is_applied_whole_and_once(self) -> None:
        hp = self.declared()
        self.request("A", {"learning_rate": {"scale": 0.1}, "mode": {"set": "b"}})
        self.assertEqual(hp.update(7), {"learning_rate": 1e-4, "mode": "b"})
        self.assertEqual((hp.learning_rate, hp.mode), (1e-4, "b"))
        self.assertEqual(hp.update(8), {})
        # The same line again, as after a network that lost the answer.
        self.request("A", {"learning_rate": {"scale": 0.1}})
        self.assertEqual(hp.update(9), {})
        (answer,) = self.answers()
        self.assertEqual((answer["state"], answer["step"], answer["id"]), ("applied", 7, "A"))
        self.assertEqual(answer["changes"]["learning_rate"], {"old": 1e-3, "new": 1e-4})
        self.assertEqual(answer["clock"], "hyperparameters")

    def test_a_request_that_cannot_be_is_refused_as_a_whole(self) -> None:
        hp = self.declared()
        before = dict(hp)
        requests = {
            "out of range": {"learning_rate": {"set": 0.5}, "dropout": {"set": 2}},
            "unknown": {"learning_rate": {"set": 0.5}, "typo": {"set": 2}},
            "no change": {"dropout": {}},
            "two changes": {"dropout": {"set": 0.2, "scale": 2}},
            "nothing": {},
            "a list": {"dropout": [1]},
            "scaled text": {"mode": {"scale": 2}},
            "an int's ramp": {"batch_size": {"ramp": {"set": 128, "steps": 10}}},
            "a ramp without end": {"dropout": {"ramp": {"set": 0.2, "steps": 0}}},
            "a scaled int": {"layers": {"scale": 0.5}},
        }
        for identifier, changes in requests.items():
            self.request(identifier, changes)
        self.assertEqual(hp.update(1), {})
        self.assertEqual(dict(hp), before)
        self.assertEqual({line["id"] for line in self.answers("refused")}, set(requests))
        self.assertEqual(len(self.answers()), len(requests))

    def test_expect_is_compare_and_set(self) -> None:
        hp = self.declared()
        self.request("A", {"dropout": {"set": 0.3}}, expect={"dropout": "0.1"})
        self.request("B", {"dropout": {"set": 0.4}}, expect={"dropout": 0.1})
        hp.update(1)
        self.assertEqual(hp.dropout, 0.3)
        (answer,) = self.answers("refused")
        self.assertEqual(answer["id"], "B")
        self.assertIn("0.3 and not 0.1", answer["reason"])

    def test_a_step_a_withdrawal_and_an_expiry(self) -> None:
        hp = self.declared()
        self.request("late", {"dropout": {"set": 0.5}}, at_step=3)
        self.request("at", {"dropout": {"set": 0.3}}, at_step=10)
        self.request("gone", {"dropout": {"set": 0.4}}, at_step=11)
        self.request("old", {"dropout": {"set": 0.4}}, expires=1.0)
        hp.update(5)
        self.assertEqual(hp.dropout, 0.1)
        self.request("withdrawal", withdraw="gone")
        self.request("second", withdraw="gone")
        hp.update(9)
        self.assertEqual(hp.dropout, 0.1)
        self.assertEqual(hp.update(10), {"dropout": 0.3})
        self.assertEqual(hp.update(11), {})
        states = {(line["id"], line["state"]) for line in self.answers()}
        self.assertEqual(
            states,
            {
                ("late", "refused"),
                ("at", "scheduled"),
                ("at", "applied"),
                ("gone", "scheduled"),
                ("gone", "withdrawn"),
                ("withdrawal", "applied"),
                ("second", "refused"),
                ("old", "expired"),
            },
        )

    def test_a_ramp_goes_by_steps(self) -> None:
        hp = self.declared()
        self.request("A", {"dropout": {"ramp": {"set": 0.5, "steps": 4}}})
        values = []
        for step in range(10, 16):
            hp.update(step)
            values.append(round(hp.dropout, 6))
        self.assertEqual(values, [0.1, 0.2, 0.3, 0.4, 0.5, 0.5])

    def test_garbage_costs_nothing(self) -> None:
        hp = self.declared()
        lines = ["{", "[]", "null", '{"id": 1, "state": "delivered"}', '{"id": "A"}', "[" * 9999]
        lines += ['{"id": "B", "state": "delivered", "request": 3}', "x" * 100_000]
        lines += ['{"id": "C", "state": "scheduled", "step": "x"}', "\udcff"]
        self.journal.write_bytes("\n".join(lines).encode("utf-8", "surrogateescape") + b"\n")
        self.request("D", {"dropout": {"set": 0.3}})
        self.write('{"id": "E", "state": "deliv')
        self.assertEqual(hp.update(1), {"dropout": 0.3})

    def test_a_checkpoint_is_asked_for_and_answered(self) -> None:
        hp = self.declared()
        self.request("none", checkpoint=True)
        hp.update(1)
        self.assertIn("nothing in this program", self.answers("refused")[0]["reason"])
        checkpoint = CheckpointRequest()
        self.request("A", checkpoint=True)
        self.request("B", {"dropout": {"set": 0.3}}, checkpoint_first=True)
        self.assertFalse(checkpoint)
        hp.update(2)
        self.assertTrue(checkpoint)
        checkpoint.saved("x/2.pt")
        for step in range(3, 6):
            hp.update(step)
            if checkpoint:
                self.assertEqual(hp.dropout, 0.1)
                checkpoint.saved("x/3.pt")
        self.assertEqual(hp.dropout, 0.3)
        self.assertEqual(self.answers("applied", "saved")[0]["path"], "x/2.pt")
        self.assertEqual(self.answers("saved")[0]["path"], "x/3.pt")
