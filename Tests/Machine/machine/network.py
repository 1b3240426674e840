"""A network namespace of its own for each machine: nothing in it leads out."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from typing import TypeVar

Made = TypeVar("Made")

CLONE_NEWNET = 0x40000000
CLOUD = "10.0.2.2"
MACHINE = "10.0.2.15"
METADATA = "169.254.169.254"
MAC = "52:54:00:12:34:56"

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


class Network:
    """The namespace lives as long as this, or a process in it.

    This process stays outside: only the sockets are inside. So the same process can serve the
    machine and reach the emulated buckets on this host's loopback.
    """

    def __init__(self) -> None:
        self.fd = in_new_thread(self._make)
        self.run("ip", "link", "set", "lo", "up")
        self.run("ip", "address", "add", f"{METADATA}/32", "dev", "lo")

    @staticmethod
    def _make() -> int:
        _checked(_libc.unshare(CLONE_NEWNET))
        return os.open("/proc/thread-self/ns/net", os.O_RDONLY)

    def add_veth(self) -> None:
        """The cloud's end `cloud0`; the other one, `host0`, goes into the container."""
        self.run(
            "ip", "link", "add", "cloud0", "type", "veth",
            "peer", "name", "host0", "address", MAC,
        )  # fmt: skip
        self._bring_up()

    def add_tap(self) -> None:
        """The cloud's end `cloud0`, which qemu opens from the other side."""
        self.run("ip", "tuntap", "add", "cloud0", "mode", "tap")
        self._bring_up()

    def _bring_up(self) -> None:
        self.run("ip", "address", "add", f"{CLOUD}/24", "dev", "cloud0")
        self.run("ip", "link", "set", "cloud0", "up")

    def remove_card(self) -> None:
        """After a machine's end, so that its next start makes it anew."""
        subprocess.run(
            self.command("ip", "link", "delete", "cloud0"),
            pass_fds=[self.fd],
            stderr=subprocess.DEVNULL,
            check=False,
        )

    def command(self, *argv: str) -> list[str]:
        """The command inside the namespace; to be started with `pass_fds=[network.fd]`."""
        return ["nsenter", f"--net=/proc/self/fd/{self.fd}", *argv]

    def run(self, *argv: str) -> None:
        subprocess.run(self.command(*argv), pass_fds=[self.fd], check=True, timeout=20)

    def socket(self, kind: socket.SocketKind, address: str, port: int) -> socket.socket:
        """A bound socket inside; TCP ones listen."""

        def make() -> socket.socket:
            _checked(_libc.setns(self.fd, CLONE_NEWNET))
            made = socket.socket(socket.AF_INET, kind)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            made.bind((address, port))
            if kind == socket.SOCK_STREAM:
                made.listen(128)
            return made

        return in_new_thread(make)

    def close(self) -> None:
        os.close(self.fd)


def in_new_thread(make: Callable[[], Made]) -> Made:
    """What `make` gives, from a thread of its own: a namespace is entered by threads."""
    made: list[Made] = []
    errors: list[BaseException] = []

    def target() -> None:
        try:
            made.append(make())
        except BaseException as error:  # handed on to the caller
            errors.append(error)

    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return made[0]
