"""The slow tier: qemu emulates a machine with firmware, ACPI and a disk that can lose writes."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import tempfile
import threading
import time

from machine import disk
from machine.events import EventLog
from machine.network import MAC, Network
from machine.tier import CUT, FAILED, POWER_OFF, REBOOT, journalctl, read_console

# /dev/kvm may exist and still not run a plain guest, so it is left alone.
ACCELERATOR = "tcg,thread=multi,tb-size=256"
KERNEL_ARGUMENTS = "root=/dev/nvme0n1 rw console=ttyS0 panic=-1 nokaslr mitigations=off"
# As gcp.tf calls it.
DATA_SERIAL = "train-data"
REASONS = {"guest-shutdown": POWER_OFF, "guest-reset": REBOOT, "host-qmp-quit": CUT}


class VirtualMachine:
    """One qemu process; its card is a tap device in the machine's network."""

    def __init__(
        self, folder: str, kernel: str, firmware: list[str], network: Network, log: EventLog
    ) -> None:
        self._folder, self._kernel, self._firmware = folder, kernel, firmware
        self._network, self._log = network, log
        self.disk = os.path.join(folder, "disk.img")
        self.data_disk = os.path.join(folder, "data.img")
        """Attached where it exists."""
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._reason: str | None = None

    def start(self) -> None:
        self._network.remove_card()
        self._network.add_tap()
        self._reason = None
        control = os.path.join(self._folder, "control")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(control)
        argv = [
            "qemu-system-x86_64", "-M", "q35", "-accel", ACCELERATOR, "-cpu", "max",
            "-smp", "2", "-m", "1024", "-nodefaults", "-display", "none", "-serial", "stdio",
            "-no-reboot", "-qmp", f"unix:{control},server=on,wait=off", *self._firmware,
            "-drive", f"if=none,id=disk,file={self.disk},format=raw,cache=unsafe",
            "-device", "nvme,drive=disk,serial=root", "-device", "virtio-rng-pci",
            "-netdev", "tap,id=card,ifname=cloud0,script=no,downscript=no",
            "-device", f"virtio-net-pci,netdev=card,mac={MAC}",
            "-kernel", self._kernel, "-append", KERNEL_ARGUMENTS,
        ]  # fmt: skip
        if os.path.exists(self.data_disk):
            argv += [
                "-drive", f"if=none,id=data,file={self.data_disk},format=raw,cache=unsafe",
                "-device", f"virtio-blk-pci,drive=data,serial={DATA_SERIAL}",
            ]  # fmt: skip
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *self._network.command(*argv)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[self._network.fd],
        )
        threading.Thread(target=read_console, args=(self._process, self._log), daemon=True).start()
        self._connect(control)

    def _connect(self, path: str) -> None:
        """Opens qemu's control socket and follows its events."""
        if self._control:
            self._control.close()
        self._control = socket.socket(socket.AF_UNIX)
        deadline = time.monotonic() + 20
        while True:
            try:
                self._control.connect(path)
                break
            except OSError:
                if time.monotonic() > deadline or (self._process and self._process.poll()):
                    raise
                time.sleep(0.05)
        self._command("qmp_capabilities")
        threading.Thread(target=self._follow, args=(self._control,), daemon=True).start()

    def _command(self, name: str) -> None:
        if self._control:
            with contextlib.suppress(OSError):
                self._control.sendall(json.dumps({"execute": name}).encode() + b"\n")

    def _follow(self, control: socket.socket) -> None:
        with contextlib.suppress(OSError), control.makefile(encoding="utf-8") as lines:
            for line in lines:
                message = json.loads(line)
                reason = message.get("data", {}).get("reason")
                if reason:
                    self._log.add(f"qemu {message['event']} {reason}")
                    self._reason = reason

    def press_power(self) -> None:
        self._command("system_powerdown")

    def cut(self) -> None:
        self._command("quit")

    def ended(self) -> str | None:
        if self._process is None or self._process.poll() is None:
            return None
        return REASONS.get(self._reason or "", FAILED)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        raise NotImplementedError(f"the virtual machine takes no commands: {command}")

    def journal(self, *arguments: str) -> str:
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            disk.copy_folder(self.disk, "/var/log/journal", folder)
            return journalctl(os.path.join(folder, "journal"), *arguments)

    def read(self, path: str) -> bytes | None:
        return disk.read_file(self.disk, path)

    def close(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)
        if self._control:
            self._control.close()
