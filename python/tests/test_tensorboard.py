"""run_tensorboard: beside the training, on this machine alone, and gone when the training is."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import sys
import unittest
import urllib.error
import urllib.request

from process_support import RunTestCase, free_port, is_alive, wait_until

FAKE_MAIN = """
import json, os, signal, socket, sys
logs, port = (sys.argv[sys.argv.index(name) + 1] for name in ("--logdir", "--port"))
host = sys.argv[sys.argv.index("--host") + 1]
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind((host, int(port)))
server.listen()
about = {"pid": os.getpid(), "argv": sys.argv, "environment": dict(os.environ)}
with open(os.path.join(logs, "about.tmp"), "w") as file:
    json.dump(about, file)
os.rename(os.path.join(logs, "about.tmp"), os.path.join(logs, "about.json"))
print("serving", flush=True)
if os.environ.get("TENSORBOARD_FAKE_IS_STUBBORN"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True:
    signal.pause()
"""

TRAINER = """
    import sys, threading
    from ai_training_utils.path_helper import PathHelper
    from ai_training_utils.tensorboard import run_tensorboard
    port = int(PathHelper().parse_arguments().extra_arguments[0])
    started = []
    # From a thread that ends at once: TensorBoard must not end with it.
    thread = threading.Thread(target=lambda: started.append(run_tensorboard(port=port)))
    thread.start()
    thread.join()
    print(started[0] and started[0].pid, flush=True)
    assert run_tensorboard(port=port) is started[0]
    sys.stdin.readline()
"""


def has_real_tensorboard() -> bool:
    try:
        return importlib.util.find_spec("tensorboard.main") is not None
    except ImportError:
        return False


class RunTensorboardTests(RunTestCase):
    def setUp(self) -> None:
        super().setUp()
        package = self.root / "fakes" / "tensorboard"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "main.py").write_text(FAKE_MAIN)
        self.path = os.pathsep.join([self.environment()["PYTHONPATH"], str(package.parent)])
        self.port = free_port()

    def start_trainer(self, **environment: str):
        environment.setdefault("PYTHONPATH", self.path)
        trainer = self.start(TRAINER, *self.arguments(), str(self.port), **environment)
        child = int(trainer.stdout.readline())
        self.addCleanup(self.kill, child)
        return trainer, child

    def kill(self, process: int) -> None:
        if is_alive(process):
            os.kill(process, signal.SIGKILL)

    def about(self) -> dict:
        path = self.logs / "about.json"
        wait_until(path.exists, "TensorBoard to listen")
        return json.loads(path.read_text())

    def assert_ends(self, process: int) -> None:
        wait_until(lambda: not is_alive(process), "TensorBoard to end", 15)

    def test_starts_one_on_this_machine_alone(self) -> None:
        _, child = self.start_trainer()
        about = self.about()
        self.assertEqual(about["pid"], child)
        expected = ["--logdir", str(self.logs), "--host", "127.0.0.1", "--port", str(self.port)]
        self.assertEqual(about["argv"][1:], expected)
        self.assertEqual(about["environment"]["CUDA_VISIBLE_DEVICES"], "")
        log = self.logs / "tensorboard.log"
        wait_until(lambda: log.read_text() == "serving\n", "its log")

    def test_gets_none_of_the_trainers_secrets(self) -> None:
        secrets = {"HF_TOKEN": "hf_abc", "AWS_SECRET_ACCESS_KEY": "abc", "TF_TOKEN_example": "abc"}
        self.start_trainer(LC_ALL="C.UTF-8", **secrets)
        environment = self.about()["environment"]
        self.assertEqual(environment["LC_ALL"], "C.UTF-8")
        self.assertEqual(sorted(set(environment) & set(secrets)), [])

    def test_ends_with_a_trainer_that_ends(self) -> None:
        trainer, child = self.start_trainer()
        self.about()
        _, stderr = trainer.communicate("go on\n", timeout=30)
        self.assertEqual(trainer.returncode, 0, stderr)
        self.assertEqual(stderr, "")
        self.assertFalse(is_alive(child))

    def test_ends_though_it_ignores_the_signal(self) -> None:
        trainer, child = self.start_trainer(TENSORBOARD_FAKE_IS_STUBBORN="1")
        self.about()
        wait_until(lambda: (self.logs / "tensorboard.log").read_text(), "its log")
        trainer.communicate("go on\n", timeout=30)
        self.assert_ends(child)

    @unittest.skipUnless(sys.platform == "linux", "only Linux promises it")
    def test_ends_with_a_trainer_that_is_killed(self) -> None:
        for is_ready in (True, False):
            with self.subTest(is_ready=is_ready):
                trainer, child = self.start_trainer()
                if is_ready:
                    self.about()
                trainer.send_signal(signal.SIGKILL)
                trainer.wait()
                self.assert_ends(child)

    def test_survives_a_forked_child_that_exits(self) -> None:
        code = TRAINER + "    import os\n    child = os.fork()\n"
        code += "    if child == 0: sys.exit(0)\n"
        code += "    print(os.waitpid(child, 0)[1], flush=True)\n    sys.stdin.readline()\n"
        trainer = self.start(
            code,
            *self.arguments(),
            str(self.port),
            options=("-W", "ignore"),
            PYTHONPATH=self.path,
        )
        child = int(trainer.stdout.readline())
        self.addCleanup(self.kill, child)
        self.about()
        trainer.stdin.write("fork\n")
        trainer.stdin.flush()
        self.assertEqual(trainer.stdout.readline(), "0\n")
        self.assertTrue(is_alive(child))

    def warning(self, **more) -> str:
        stdout, stderr = self.assert_runs(
            "import sys; sys.stdin.close()\n" + _quick(), *self.arguments(), str(self.port), **more
        )
        self.assertEqual(stdout, "None\n")
        self.assertEqual(len(stderr.splitlines()), 1, stderr)
        return stderr

    def test_is_a_warning_where_it_is_not_installed(self) -> None:
        self.assertIn("pip install tensorboard", self.warning(options=("-S",)))
        # A folder of that name, as users have for their events, is no installation.
        (self.root / "tensorboard").mkdir()
        self.assertIn("pip install tensorboard", self.warning(options=("-S",)))

    def test_is_a_warning_where_the_port_is_taken(self) -> None:
        with socket.socket() as server:
            server.bind(("127.0.0.1", self.port))
            server.listen()
            self.assertIn(f"port {self.port}", self.warning(PYTHONPATH=self.path))

    def test_is_a_warning_where_it_ends_at_once(self) -> None:
        (self.root / "fakes" / "tensorboard" / "main.py").write_text("raise SystemExit(3)")
        code = _quick() + "while threading.active_count() > 1: pass\n"
        _, stderr = self.assert_runs(code, *self.arguments(), str(self.port), PYTHONPATH=self.path)
        self.assertIn("ended with status 3", stderr)

    def test_a_port_out_of_range_and_a_second_rank(self) -> None:
        from ai_training_utils.tensorboard import run_tensorboard

        for port in (0, -1, 65536):
            with self.assertRaises(ValueError):
                run_tensorboard(self.logs, port)
        stdout, stderr = self.assert_runs(
            _quick(), *self.arguments(), str(self.port), PYTHONPATH=self.path, LOCAL_RANK="1"
        )
        self.assertEqual((stdout, stderr), ("None\n", ""))

    @unittest.skipUnless(has_real_tensorboard(), "TensorBoard is not installed")
    def test_the_real_one_answers_and_ends_with_a_killed_trainer(self) -> None:
        trainer, child = self.start_trainer(PYTHONPATH=self.environment()["PYTHONPATH"])
        address = f"http://127.0.0.1:{self.port}/data/environment"

        def answer():
            try:
                with urllib.request.urlopen(address, timeout=5) as response:
                    return json.load(response)
            except (urllib.error.URLError, ConnectionError):
                self.assertTrue(is_alive(child), (self.logs / "tensorboard.log").read_text())
                return None

        about = wait_until(answer, "the real TensorBoard to answer")
        self.assertEqual(about["data_location"], str(self.logs))
        trainer.send_signal(signal.SIGKILL)
        trainer.wait()
        self.assert_ends(child)


def _quick() -> str:
    return (
        "import threading\n"
        "from ai_training_utils.path_helper import PathHelper\n"
        "from ai_training_utils.tensorboard import run_tensorboard\n"
        "port = int(PathHelper().parse_arguments().extra_arguments[0])\n"
        "print(run_tensorboard(port=port))\n"
    )
