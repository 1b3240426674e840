"""Tuning of an optimizer under real PyTorch, without a line of the trainer."""

from __future__ import annotations

import json

from process_support import json_lines
from torch_support import TorchTestCase

_SCHEDULERS = """
    L = torch.optim.lr_scheduler
    makers = {
        "none": lambda o: None,
        "LambdaLR": lambda o: L.LambdaLR(o, lambda n: 0.97 ** n),
        "Cosine": lambda o: L.CosineAnnealingLR(o, 100),
        "OneCycle": lambda o: L.OneCycleLR(o, 0.01, total_steps=120, cycle_momentum=False),
        "StepLR": lambda o: L.StepLR(o, 10, 0.7),
        "Plateau": lambda o: L.ReduceLROnPlateau(o, patience=5),
        "Sequential": lambda o: L.SequentialLR(
            o, [L.LinearLR(o, 0.1, total_iters=10), L.ExponentialLR(o, 0.99)], [10]),
        "WarmRestarts": lambda o: L.CosineAnnealingWarmRestarts(o, 15),
    }
    def run(kind, make, scale):
        # Scale: the oracle, which feeds the planned rate times the factor by hand.
        torch.manual_seed(1)
        net = model()
        groups = [{"params": net[0].parameters(), "lr": 0.01}, {"params": net[2].parameters()}]
        if kind == "SGD":
            optimizer = torch.optim.SGD(groups, lr=0.001, momentum=0.9)
        else:
            optimizer = torch.optim.AdamW(groups, lr=0.001)
        scheduler = make(optimizer)
        used = []
        inside = optimizer.register_step_pre_hook(
            lambda o, a, k: used.append([g["lr"] for g in o.param_groups]))
        for step in range(60):
            loss = loss_of(net, step)
            optimizer.zero_grad()
            loss.backward()
            planned = [group["lr"] for group in optimizer.param_groups]
            if scale and step >= 20:
                for group in optimizer.param_groups:
                    group["lr"] *= 0.37
            optimizer.step()
            for group, rate in zip(optimizer.param_groups, planned):
                if scale:
                    group["lr"] = rate
                assert group["lr"] == rate
            if scheduler is not None:
                scheduler.step(*([loss.detach()] if make is makers["Plateau"] else []))
        inside.remove()
        state = optimizer.state_dict()
        saved = repr(scheduler.state_dict() if scheduler else None)
        return digest(net.parameters()), repr(state["param_groups"]), saved, used[30]
    from ai_training_utils import _optimizer_watch, _tuning
    def fresh(name, lines):
        # As a process of its own would begin, without a new import of torch for each.
        logs = os.path.join(sys.argv[1], name)
        os.makedirs(logs)
        os.environ["AI_TRAINING_LOGS_DIRECTORY"] = logs
        with open(os.path.join(logs, "tuning.jsonl"), "w") as file:
            file.write(lines)
        _tuning._desk = _tuning.Desk()
        _optimizer_watch._counter.step = 0
    request = {"changes": {"lr": {"scale": 0.37}}, "at_step": 20}
    line = json.dumps({"id": "A", "state": "delivered", "request": request}) + "\\n"
    for name, make in makers.items():
        kind = "SGD" if name in ("none", "OneCycle") else "AdamW"
        fresh(name + "-oracle", "")
        oracle = run(kind, make, True)
        fresh(name, line)
        print(name, run(kind, make, False) == oracle)
"""

_RESUMED = """
    name, last, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    net = model()
    if name == "SGD":
        optimizer, scheduler = torch.optim.SGD(net.parameters(), lr=0.01), None
    else:
        optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: 0.99 ** n)
    first = 0
    if os.path.exists(path):
        saved = torch.load(path)
        net.load_state_dict(saved["net"])
        optimizer.load_state_dict(saved["optimizer"])
        scheduler and scheduler.load_state_dict(saved["scheduler"])
        first = saved["step"]
    for step in range(first, last):
        if step % 25 == 0 and step > first:
            torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict(), "step": step,
                        "scheduler": scheduler and scheduler.state_dict()}, path + ".tmp")
            os.replace(path + ".tmp", path)
        optimizer.zero_grad()
        loss_of(net, step).backward()
        optimizer.step()
        scheduler and scheduler.step()
    print(first, digest(net.parameters()))
"""

_RANKS = """
    from torch import distributed
    distributed.init_process_group("gloo")
    net = torch.nn.parallel.DistributedDataParallel(model())
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.5)
    rank = distributed.get_rank()
    journal = os.path.join(os.environ["AI_TRAINING_LOGS_DIRECTORY"], "tuning.jsonl")
    def request(number):
        # By whoever is outside: at any moment, to all ranks at once.
        changes = {"lr": {"scale": 0.9 if number % 2 else 1.1}, "momentum": {"set": 0.4}}
        line = {"id": str(number), "state": "delivered", "request": {"changes": changes}}
        with open(journal, "a") as file:
            file.write(json.dumps(line) + "\\n")
    def ended():
        with open(journal) as file:
            return sum('"applied"' in line for line in file)
    sent, step = 0, 0
    while True:
        optimizer.zero_grad()
        loss_of(net, 1000 * rank + step).backward()
        optimizer.step()
        step += 1
        time.sleep(0.01 * (rank == step % 3))
        if rank == 0 and sent < 20 and step % 5 == 0:
            sent += 1
            request(sent)
        done = torch.tensor([float(rank == 0 and sent == 20 and ended() == 20)])
        distributed.all_reduce(done)
        if done.item():
            break
    every = [None] * 3
    distributed.all_gather_object(every, digest(net.parameters()))
    if rank == 0:
        print(len(set(every)), sent, flush=True)
    distributed.destroy_process_group()
"""


class OptimizerTuningTests(TorchTestCase):
    def test_a_scaled_rate_is_exact_under_every_scheduler(self) -> None:
        stdout = self.train(_SCHEDULERS, str(self.root / "logs-of-each"))
        results = dict(line.split() for line in stdout.splitlines())
        self.assertEqual(len(results), 8)
        self.assertEqual(set(results.values()), {"True"}, results)
        for path in self.root.glob("logs-of-each/*/tuning.jsonl"):
            if not path.parent.name.endswith("-oracle"):
                self.assertEqual(json_lines(path)[-1]["state"], "applied")

    def test_an_interrupted_training_ends_with_the_same_weights(self) -> None:
        for name in ("SGD", "AdamW"):
            with self.subTest(name):
                for path in self.logs.iterdir():
                    path.unlink()
                self.request("A", changes={"lr": {"scale": 0.5}}, at_step=10)
                self.request("B", changes={"lr": {"ramp": {"set": 0.02, "steps": 20}}}, at_step=40)
                self.request("C", changes={"weight_decay": {"set": 0.1}}, at_step=60)
                whole = str(self.root / f"{name}-whole.pt")
                first, expected = self.train(_RESUMED, name, "120", whole).split()
                for path in self.logs.iterdir():
                    path.unlink()
                self.request("A", changes={"lr": {"scale": 0.5}}, at_step=10)
                self.request("B", changes={"lr": {"ramp": {"set": 0.02, "steps": 20}}}, at_step=40)
                self.request("C", changes={"weight_decay": {"set": 0.1}}, at_step=60)
                path = str(self.root / f"{name}.pt")
                # Ended at steps 58 and 70, gone on from 50; C is applied by the second attempt.
                for attempt, last in ((1, 58), (2, 70), (3, 120)):
                    variable = {"AI_TRAINING_ATTEMPT": str(attempt)}
                    first, seen = self.train(_RESUMED, name, str(last), path, **variable).split()
                self.assertEqual((first, seen), ("50", expected))
                replayed = [line for line in json_lines(self.journal) if "exact" in line]
                self.assertTrue(replayed and all(line["exact"] for line in replayed))

    def test_without_a_known_step_what_is_in_force_applies_at_once_and_says_so(self) -> None:
        self.request("A", changes={"lr": {"scale": 0.5}}, at_step=10)
        path = str(self.root / "SGD.pt")
        self.train(_RESUMED, "SGD", "60", path)
        (self.logs / "checkpoints.jsonl").unlink()
        self.train(_RESUMED, "SGD", "61", path, AI_TRAINING_ATTEMPT="2")
        (line,) = [line for line in json_lines(self.journal) if line["state"] == "replayed"]
        self.assertEqual((line["exact"], line["step"]), (False, 0))

    def test_three_ranks_stay_bit_equal(self) -> None:
        code = self.root / "ranks.py"
        code.write_text(self.joined(_RANKS))
        runner = """
            import sys
            from torch.distributed.run import main
            main(["--standalone", "--nproc_per_node=3", sys.argv[1]])
        """
        stdout, _ = self.assert_runs(
            runner,
            str(code),
            AI_TRAINING_OBSERVE="1",
            AI_TRAINING_OBSERVER_DIRECTORY=str(self.work),
            AI_TRAINING_LOGS_DIRECTORY=str(self.logs),
        )
        self.assertIn("1 20", stdout)
        applied = [line["id"] for line in json_lines(self.journal) if line["state"] == "applied"]
        self.assertEqual(sorted(applied, key=int), [str(number) for number in range(1, 21)])
        ranks = sorted(path.name for path in self.logs.glob("observer*.jsonl"))
        names = ["observer-rank1.jsonl", "observer-rank2.jsonl", "observer.jsonl"]
        self.assertEqual(ranks, names)

    def test_a_step_that_raises_leaves_the_planned_rate(self) -> None:
        self.request("A", changes={"lr": {"scale": 0.5}})
        stdout = self.train("""
            net = model()
            optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
            def closure():
                print(optimizer.param_groups[0]["lr"])
                raise KeyError
            try:
                optimizer.step(closure)
            except KeyError:
                print(optimizer.param_groups[0]["lr"])
        """)
        self.assertEqual(stdout.split(), ["0.005", "0.01"])

    def test_what_an_optimizer_cannot_take_is_refused_by_name(self) -> None:
        self.request("rate", changes={"lr": {"scale": 0.5}})
        self.request("betas", changes={"optimizer.betas": {"set": "0.9,0.99"}})
        self.train("""
            net = model()
            optimizer = torch.optim.Rprop(net.parameters(), lr=0.01)
            loss_of(net, 0).backward()
            optimizer.step()
        """)
        reasons = {line["id"]: line.get("reason") for line in json_lines(self.journal)}
        self.assertIn("Rprop keeps its step sizes", reasons["rate"])
        self.assertEqual(reasons["betas"], "Rprop has no betas that can be changed")

    def test_several_optimizers_tensors_and_a_skipped_step(self) -> None:
        self.request("A", changes={"optimizer[1].lr": {"set": 0.5}, "betas": {"set": "0.5,0.6"}})
        stdout = self.train("""
            one, two = model(), model()
            first = torch.optim.AdamW(one.parameters(), lr=0.01)
            second = torch.optim.AdamW(two.parameters(), lr=torch.tensor(0.25), capturable=False,
                                       foreach=False)
            tensor = second.param_groups[0]["lr"]
            used = []
            for optimizer in (first, second):
                optimizer.register_step_pre_hook(lambda o, a, k: used.append(
                    (float(o.param_groups[0]["lr"]), o.param_groups[0]["betas"])))
            scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
            for step in range(4):
                for net, optimizer in ((one, first), (two, second)):
                    optimizer.zero_grad()
                    loss = loss_of(net, step) * (float("inf") if step == 2 else 1.0)
                    scaler.scale(loss).backward()
                    scaler.step(optimizer)
                scaler.update()
                time.sleep(0.3)
            assert second.param_groups[0]["lr"] is tensor and float(tensor) == 0.25
            assert first.param_groups[0]["betas"] == (0.9, 0.999)
            print(json.dumps(used))
        """)
        used = json.loads(stdout)
        # A step of each before the second optimizer is known; the one with an infinity is skipped.
        self.assertEqual(len(used), 6)
        self.assertEqual(used[-2:], [[0.01, [0.5, 0.6]], [0.5, [0.5, 0.6]]])
