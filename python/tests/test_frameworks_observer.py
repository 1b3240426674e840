"""The observer under real PyTorch, without a line of the trainer."""

from __future__ import annotations

import unittest

from process_support import json_lines
from torch_support import TorchTestCase


class ObserverTests(TorchTestCase):
    _TRAINER = """
        net = model()
        class Mine(torch.optim.SGD):
            def step(self, closure=None):
                return super().step(closure)
        optimizer = Mine(net.parameters(), lr=0.01)
        for step in range(int(sys.argv[1])):
            optimizer.zero_grad()
            loss_of(net, step).backward()
            optimizer.step()
        print(digest(net.parameters()), "ai_training_utils._tuning" in sys.modules)
    """

    def test_steps_and_rates_are_seen_and_weights_are_the_same_without_it(self) -> None:
        seen, is_there = self.train(self._TRAINER, "50").split()
        lines = json_lines(self.logs / "observer.jsonl")
        self.assertEqual(
            {tuple(line) for line in lines}, {("time", "name", "value", "step", "attempt")}
        )
        self.assertEqual(max(line["step"] for line in lines), 50)
        rates = [line["value"] for line in lines if line["name"] == "observer/lr"]
        self.assertEqual(set(rates), {0.01})
        self.assertEqual(is_there, "True")
        for path in (*self.logs.iterdir(), *self.work.iterdir()):
            path.unlink()
        without = self.train(self._TRAINER, "50", AI_TRAINING_OBSERVE="")
        self.assertEqual(without.split(), [seen, "False"])
        self.assertEqual((list(self.logs.iterdir()), list(self.work.iterdir())), ([], []))

    def test_the_time_of_checkpoints_is_added_up_to_the_last_one(self) -> None:
        self.train("""
            original = torch.serialization._save
            def slow(*args, **kwargs):
                time.sleep(0.1)
                return original(*args, **kwargs)
            torch.serialization._save = slow
            net = model()
            optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
            path = os.path.join(os.environ["AI_TRAINING_LOGS_DIRECTORY"], "..", "net.pt")
            torch.save(net.state_dict(), path)
            loss_of(net, 0).backward()
            optimizer.step()
            torch.save(net.state_dict(), path)
            torch.save(optimizer.state_dict(), path)
        """)
        lines = json_lines(self.logs / "observer.jsonl")
        values = [line for line in lines if line["name"] == "observer/checkpoint_seconds"]
        # What was saved before the first step is no part of the training.
        self.assertEqual({line["step"] for line in values}, {1})
        seconds = sum(line["value"] for line in values)
        self.assertTrue(seconds >= 0.2, seconds)

    def test_a_failing_observer_costs_the_training_nothing(self) -> None:
        self.logs.rmdir()
        self.logs.write_text("a file where the directory should be")
        stdout = self.train(self._TRAINER, "20")
        self.assertIn("True", stdout)

    def test_the_signal_writes_stacks(self) -> None:
        stdout = self.train("""
            import glob, signal
            directory = os.environ["AI_TRAINING_OBSERVER_DIRECTORY"]
            (path,) = glob.glob(directory + "/*.json")
            with open(path) as file:
                told = json.load(file)
            def waiting_for_ever():
                os.kill(told["pid"], told["signal"])
            assert told["pid"] == os.getpid() and told["signal"] == signal.SIGRTMIN + 4
            waiting_for_ever()
            with open(path.replace(".json", ".stacks")) as file:
                print(file.read())
        """)
        self.assertIn("waiting_for_ever", stdout)

    def test_a_forked_worker_is_silent_and_another_process_is_not_the_rank(self) -> None:
        self.request("A", changes={"lr": {"scale": 0.5}})
        self.train("""
            import subprocess
            net = model()
            optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
            def step():
                optimizer.zero_grad()
                loss_of(net, 0).backward()
                optimizer.step()
            step()
            child = os.fork()
            if child == 0:
                time.sleep(1.1)
                step()
                os._exit(0)
            lines = ["import ai_training_utils._observe", "import torch",
                     "p = torch.nn.Parameter(torch.ones(1))", "p.grad = torch.ones(1)",
                     "torch.optim.SGD([p], lr=0.01).step()"]
            code = "\\n".join(lines)
            subprocess.run([sys.executable, "-c", code], check=True)
            assert os.waitpid(child, 0)[1] == 0
            step()
        """)
        self.assertEqual(self.states(), [("A", "applied")])


if __name__ == "__main__":
    unittest.main()
