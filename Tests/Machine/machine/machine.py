"""One rented machine: made, started, watched, switched off."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from machine import clouds, dhcp, disk, front, image_files, kernel, names
from machine.cache import default_cache
from machine.certificate import Authority
from machine.container import Container
from machine.events import EventLog
from machine.layers import Layers
from machine.metadata import server
from machine.network import Network
from machine.rootfs import rootfs
from machine.tier import FAILED, REBOOT, Tier
from machine.tools import tools_layer
from machine.virtual_machine import VirtualMachine

TIMEOUT = "timeout"
MOST_REBOOTS = 5


@dataclass
class Options:
    """What is to be made."""

    cloud: str
    tier: str
    given: clouds.Given
    routes: dict[str, str] = field(default_factory=dict)
    """Host names, or patterns of them, and where on this host they are served."""
    binds: dict[str, str] = field(default_factory=dict)
    """Folders and files of this host that the container sees, read only."""
    files: dict[str, tuple[str | bytes, int]] = field(default_factory=dict)
    """Further files of the image, with their modes."""
    links: dict[str, str] = field(default_factory=dict)
    """Further symbolic links of the image, and where they lead."""
    has_tools: bool = True
    """Whether the cloud's own commands are there, as in its deep-learning images."""
    data_disk_bytes: int = 0
    """A blank disk beside the boot disk; for the virtual machine alone."""
    cache: str = field(default_factory=default_cache)


@dataclass
class Boot:
    """One run of the machine, from power to no power; seconds since the first start."""

    started: float
    ended: float | None = None
    how: str = "running"


class Machine:
    """`with Machine(options) as machine: machine.start(); machine.wait(60)`"""

    def __init__(self, options: Options) -> None:
        self.cloud = clouds.CLOUDS[options.cloud]
        self.log = EventLog()
        self.boots: list[Boot] = []
        self.metadata = clouds.metadata_server(self.cloud, options.given)
        self.tier: Tier
        self._options = options
        self._timers: list[threading.Timer] = []
        self._cleaning = contextlib.ExitStack()

    def __enter__(self) -> Machine:
        with contextlib.ExitStack() as stack:
            base = rootfs(self.cloud.image, self._options.cache)
            self._folder = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="machine-", ignore_cleanup_errors=True)
            )
            self._network = Network()
            stack.callback(self._network.close)
            authority = Authority(os.path.join(self._folder, "tls"))
            self._serve(authority, self._options.routes)
            self.tier = self._tier(base, authority, self._options)
            stack.callback(self.tier.close)
            stack.callback(self._stop_timers)
            self._cleaning = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._cleaning.close()

    def _serve(self, authority: Authority, routes: dict[str, str]) -> None:
        server.serve(self._network, self.log, self.metadata)
        # The card is made anew at each start; its address must be there for these to bind to.
        self._network.run("ip", "address", "add", f"{names.CLOUD}/32", "dev", "lo")
        names.serve(self._network, self.log, list(routes))
        front.Front(self._network, self.log, authority, routes)

    def _tier(self, base: str, authority: Authority, options: Options) -> Tier:
        tools = self.cloud.tools if options.has_tools else ()
        below = [tools_layer(base, options.cache)] if tools else []
        layers = Layers(self._folder, [*below, base])
        image_files.write_image_files(layers.own, base, self.cloud, authority.certificate)
        image_files.write_tools(layers.own, tools)
        for path, (text, mode) in options.files.items():
            image_files.write(layers.own, path, text, mode)
        for path, target in options.links.items():
            image_files.link(layers.own, path, target)
        if self.cloud.data_source == "NoCloud":
            user_data = clouds.user_data(options.given.metadata)
            image_files.write_seed(layers.own, options.given.name, user_data)
        if options.tier == "container":
            image_files.write_container_files(layers.own, self.cloud)
            return Container(layers, self._network, self.log, options.binds)
        firmware = clouds.smbios(self.cloud)
        core = kernel.unpacked_kernel(base)
        made = VirtualMachine(self._folder, core, firmware, self._network, self.log)
        disk.make_disk(made.disk, layers)
        if options.data_disk_bytes:
            with open(made.data_disk, "wb") as file:
                file.truncate(options.data_disk_bytes)
        return made

    def start(self) -> None:
        """Power on; again after an end, with the same disk."""
        if not self.boots:
            self.log.started = time.monotonic()
        self.log.add("power on")
        self.boots.append(Boot(self.log.seconds()))
        self.tier.start()
        dhcp.serve(self._network, self.log)

    def wait(self, timeout: float) -> str:
        """How it ended: power-off, cut, failed; `timeout` (and the power is cut) if it did not.

        A reboot is no end: the machine starts again.
        """
        end = time.monotonic() + timeout
        while True:
            how = self.tier.ended()
            if how is None and time.monotonic() > end:
                self.tier.cut()
                self._settle()
                how = TIMEOUT
            if how is None:
                time.sleep(0.05)
                continue
            self._stop_timers()
            self.boots[-1].ended, self.boots[-1].how = self.log.seconds(), how
            self.log.add(f"power {how}")
            if how != REBOOT or len(self.boots) > MOST_REBOOTS:
                return how if how != REBOOT else FAILED
            self.start()

    def _settle(self) -> None:
        for _ in range(200):
            if self.tier.ended() is not None:
                return
            time.sleep(0.05)

    def act(self, action: str) -> None:
        """powerdown, cut, preempt, set:PATH=VALUE (metadata) or run:COMMAND (in the container)."""
        self.log.add(f"action {action}")
        kind, _, rest = action.partition(":")
        if kind == "powerdown":
            self.tier.press_power()
        elif kind == "cut":
            self.tier.cut()
        elif kind == "preempt":
            self._preempt()
        elif kind == "set":
            path, _, value = rest.partition("=")
            self.metadata.set(path, value)
        elif kind == "run":
            done = self.tier.run(rest)
            self.log.add(f"ran {rest!r} {done.returncode} {(done.stdout + done.stderr)[-400:]!r}")
        else:
            raise ValueError(f"no such action: {action}")

    def on(self, pattern: str, action: str) -> None:
        """Acts at the first event or console line (`console TEXT`) that matches."""
        once = threading.Lock()

        def listen(line: str) -> None:
            if line.startswith("action ") or not re.search(pattern, line):
                return
            if once.acquire(blocking=False):
                threading.Thread(target=self.act, args=(action,), daemon=True).start()

        self.log.listeners.append(listen)

    def _preempt(self) -> None:
        """The cloud's notice, the power button where it presses one, and the end of the power."""
        self.metadata.preempt(self.cloud.notice_seconds or self.cloud.cut_seconds)
        if self.cloud.presses_power:
            self._after(self.cloud.notice_seconds, self.tier.press_power)
        self._after(self.cloud.notice_seconds + self.cloud.cut_seconds, self.tier.cut)

    def _after(self, seconds: float, what: Any) -> None:
        timer = threading.Timer(seconds, what)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def _stop_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def summary(self, units: list[str]) -> dict[str, Any]:
        """All that is known about the machine once it is off, for JSON."""
        chosen = [f"--unit={unit}" for unit in units]
        return {
            "cloud": self.cloud.name,
            "boots": [vars(boot) for boot in self.boots],
            "events": [f"{at:.2f} {line}" for at, line in self.log.events],
            "journal": self.tier.journal(*chosen).splitlines(),
            "console": [f"{at:.2f} {line}" for at, line in self.log.console[-200:]],
        }
