"""Start TensorBoard beside the training, and let it end with the training."""

from __future__ import annotations

import atexit
import importlib.util
import logging
import os
import re
import socket
import subprocess
import sys
import threading
from concurrent.futures import Future
from pathlib import Path

from ai_training_utils.path_helper import PathHelper

_logger = logging.getLogger("ai_training_utils")
_lock = threading.Lock()
_running: dict[tuple[str, int], subprocess.Popen] = {}

# Runs in the child, which asks Linux to be killed when the trainer ends, however that ends.
_CHILD = """
import os, runpy, signal, sys
trainer, sys.argv = int(sys.argv[1]), ["tensorboard"] + sys.argv[2:]
if sys.platform == "linux":
    import ctypes
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
if os.getppid() == trainer:
    runpy.run_module("tensorboard.main", run_name="__main__", alter_sys=True)
"""


def run_tensorboard(
    logs_directory: str | os.PathLike | None = None, port: int = 6006
) -> subprocess.Popen | None:
    """Start TensorBoard over a directory (PathHelper's logs directory where None).

    It listens on 127.0.0.1 alone and ends with this process, also where that is killed; what it
    prints goes to ``<logs_directory>/tensorboard.log``. A second call for the same directory and
    port returns the running one. Under torchrun only the first process of a machine starts it.

    Returns:
        The child, or None, after a warning of one line, where it cannot be started.

    Raises:
        ValueError: the port is out of range, or no logs directory is known.
    """
    if not 1 <= port <= 65535:
        raise ValueError(f"the port of TensorBoard must be 1 to 65535, not {port}")
    if os.environ.get("LOCAL_RANK", "0") != "0":
        return None
    directory = str(Path(logs_directory or PathHelper().logs_directory).absolute())
    with _lock:
        process = _running.get((directory, port))
        if process is not None and process.poll() is None:
            return process
        try:
            _check(port)
            process = _start(directory, port)
        except OSError as error:
            _logger.warning("TensorBoard is not started: %s", error)
            return None
        _running[(directory, port)] = process
        atexit.register(_stop, process, os.getpid())
    _logger.info("TensorBoard shows %s at http://127.0.0.1:%d", directory, port)
    return process


def _check(port: int) -> None:
    try:
        # The submodule, since a mere folder called tensorboard passes for a package.
        is_installed = importlib.util.find_spec("tensorboard.main") is not None
    except (ImportError, ValueError):
        is_installed = False
    if not is_installed:
        raise OSError("it is not installed (pip install tensorboard)")
    with socket.socket() as probe:
        # The port of a connection that has just ended counts as free, as to TensorBoard.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise OSError(f"port {port} cannot be used: {error.strerror}") from error


def _start(directory: str, port: int) -> subprocess.Popen:
    # Linux kills the child when the *thread* that made it ends: so one of its own, that waits.
    command = [sys.executable, "-c", _CHILD, str(os.getpid())]
    command += ["--logdir", directory, "--host", "127.0.0.1", "--port", str(port)]
    started: Future = Future()

    def start_and_wait() -> None:
        try:
            with _log_file(directory) as log:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=_environment(),
                )
        except Exception as error:
            started.set_exception(error)
            return
        started.set_result(process)
        status = process.wait()
        if status > 0:
            _logger.warning("TensorBoard has ended with status %d: see tensorboard.log", status)

    threading.Thread(target=start_and_wait, name="tensorboard", daemon=True).start()
    return started.result()


# What an interpreter and a user's settings need. A page that every user of the machine can open,
# and its plugins, get none of the trainer's tokens.
_PASSED_ON = re.compile(
    "HOME|LANG|LANGUAGE|LD_LIBRARY_PATH|LOGNAME|PATH|TMPDIR|TZ|USER|VIRTUAL_ENV"
    "|(CONDA_|DYLD_|LC_|PYTHON|TENSORBOARD_|TF_CPP_|TF_ENABLE_|XDG_).*"
)


def _environment() -> dict[str, str]:
    """Return what TensorBoard gets of the trainer's environment: no secret."""
    passed = {name: value for name, value in os.environ.items() if _PASSED_ON.fullmatch(name)}
    # It needs no GPU, and must not take memory on one.
    return {**passed, "CUDA_VISIBLE_DEVICES": ""}


def _log_file(directory: str):
    try:
        os.makedirs(directory, exist_ok=True)
        return open(os.path.join(directory, "tensorboard.log"), "ab")
    except OSError:
        return open(os.devnull, "wb")


def _stop(process: subprocess.Popen, owner: int) -> None:
    # A forked child of the trainer must not take the trainer's TensorBoard with it.
    if os.getpid() != owner or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(timeout=3)
    except subprocess.TimeoutExpired:
        process.kill()
