"""The quick tier: a container with real systemd as its first process, up in two seconds."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading

from machine.events import EventLog
from machine.layers import Layers
from machine.network import Network
from machine.tier import CUT, FAILED, POWER_OFF, REBOOT, journalctl, read_console

# What systemd as first process takes for the power button: systemd(1), SIGRTMIN+4.
POWER_BUTTON = signal.SIGRTMIN + 4
# systemd-nspawn's exit status when the container wants to be started again.
WANTS_REBOOT = 133

# The control groups' arguments end with --. /sys is to show the network cards of the command's own
# namespace; read-only, systemd-nspawn expects no udev that knows them.
SCRIPT = """set -e
while [ "$1" != -- ]; do
    echo $$ > "$1/cgroup.procs"
    shift
done
shift
mkdir -p /run/systemd/nspawn
mount -t tmpfs tmpfs /run/systemd/nspawn
groups=$(mktemp -d)
mount --rbind /sys/fs/cgroup "$groups"
mount -t sysfs -o ro sysfs /sys
mount --rbind "$groups" /sys/fs/cgroup
umount --lazy "$groups"
rmdir "$groups"
exec "$@"
"""


def only_child(number: int) -> int | None:
    """The child process of one that has no other."""
    with contextlib.suppress(OSError):
        with open(f"/proc/{number}/task/{number}/children", encoding="ascii") as file:
            children = file.read().split()
        return int(children[0]) if children else None
    return None


class Container:
    """systemd-nspawn, never known to this host's systemd."""

    def __init__(
        self, layers: Layers, network: Network, log: EventLog, binds: dict[str, str]
    ) -> None:
        self._layers, self._network, self._log = layers, network, log
        self._binds = binds
        self._process: subprocess.Popen[bytes] | None = None
        self._cut = False
        self._name = f"train-{os.getpid()}-{id(self)}"
        self._cgroups: list[str] = []

    def start(self) -> None:
        self._cut = False
        self._network.remove_card()
        self._network.add_veth()
        self._make_cgroups()
        argv = [
            "sh", "-c", SCRIPT, "sh", *self._cgroups, "--",
            "systemd-nspawn", "--quiet", "--boot", f"--directory={self._layers.merged}",
            f"--machine={self._name}", "--hostname=machine",
            "--register=no", "--keep-unit", "--network-interface=host0",
            "--resolv-conf=off", "--timezone=off", "--link-journal=no", "--console=read-only",
            *(f"--bind-ro={source}:{target}" for source, target in self._binds.items()),
        ]  # fmt: skip
        self._process = subprocess.Popen(
            self._network.command(*self._layers.command(*argv)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[self._network.fd],
        )
        threading.Thread(target=read_console, args=(self._process, self._log), daemon=True).start()

    def _make_cgroups(self) -> None:
        """One of its own: two containers in the same one would kill each other's services."""
        self._cgroups = []
        for root in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup"):
            if os.path.exists(os.path.join(root, "cgroup.procs")):
                path = os.path.join(root, self._name)
                os.makedirs(path, exist_ok=True)
                self._cgroups.append(path)

    def _leader(self) -> int | None:
        """The container's first process: child of systemd-nspawn, which is child of unshare."""
        number = self._process.pid if self._process else None
        for _ in range(2):
            number = number and only_child(number)
        return number

    def _signal(self, number: int) -> None:
        leader = self._leader()
        if leader is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(leader, number)

    def press_power(self) -> None:
        self._signal(POWER_BUTTON)

    def cut(self) -> None:
        self._cut = True
        self._signal(signal.SIGKILL)
        if self._process and self._leader() is None:
            self._process.kill()  # it has not come that far

    def ended(self) -> str | None:
        if self._process is None or self._process.poll() is None:
            return None
        if self._cut:
            return CUT
        return {0: POWER_OFF, WANTS_REBOOT: REBOOT}.get(self._process.returncode, FAILED)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        argv = ["nsenter", f"--target={self._leader()}", "--all", "sh", "-c", command]
        return subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
        )

    def journal(self, *arguments: str) -> str:
        return journalctl(os.path.join(self._layers.own, "var/log/journal"), *arguments)

    def read(self, path: str) -> bytes | None:
        with contextlib.suppress(OSError), open(self._layers.own + path, "rb") as file:
            return file.read()
        return None

    def close(self) -> None:
        if self._process and self._process.poll() is None:
            self.cut()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
        for root in self._cgroups:
            for folder, _, _ in os.walk(root, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)
