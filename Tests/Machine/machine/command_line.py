"""The machine as a program: it runs until the machine is off and prints what happened as JSON."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from machine import clouds
from machine.cache import default_cache
from machine.machine import Machine, Options
from machine.recipe import PACKAGES
from machine.requirements import missing
from machine.rootfs import rootfs
from machine.tier import POWER_OFF
from machine.tools import tools_layer

EPILOG = """events:  power on|power-off|reboot|cut, dhcp ADDRESS, dns NAME, front HOST METHOD PATH,
         metadata METHOD PATH STATUS, qemu EVENT, console TEXT
actions: powerdown (the power button), cut (the power is gone), preempt (notice, button, cut),
         set:PATH=VALUE (metadata), run:COMMAND (a shell command in the container)
exit:    0 if the machine powered itself off each time, else 1; 3 where it cannot run here"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    formatter = argparse.RawDescriptionHelpFormatter
    options = argparse.ArgumentParser(prog="machine", epilog=EPILOG, formatter_class=formatter)
    commands = options.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="make the images that are not in the cache yet")
    check = commands.add_parser("check", help="say why a tier cannot run here, if so")
    check.add_argument("--tier", choices=["container", "vm"], default="container")
    run = commands.add_parser("run", help="a machine", epilog=EPILOG, formatter_class=formatter)
    run.add_argument("--tier", choices=["container", "vm"], default="container")
    run.add_argument("--cloud", choices=sorted(clouds.CLOUDS), default="gce")
    run.add_argument("--metadata", required=True, help="JSON: what Terraform sent (user-data, …)")
    run.add_argument("--name", default="machine", help="of the instance")
    run.add_argument("--token", default="metadata-token", help="the account's, at Google")
    run.add_argument("--buckets", help="URL where the cloud's buckets are emulated")
    run.add_argument(
        "--route", action="append", default=[], metavar="HOST=URL", help="one more name (*.HOST)"
    )
    run.add_argument("--bind", action="append", default=[], metavar="HERE:THERE")
    run.add_argument("--timeout", type=float, default=180, help="seconds, of each boot")
    run.add_argument("--boots", type=int, default=1, help="power on again after each end")
    run.add_argument("--on", action="append", default=[], metavar="EVENT=>ACTION")
    run.add_argument("--unit", action="append", default=[], help="of the journal; default: all")
    for command in (build, run):
        command.add_argument("--cache", default=default_cache(), help="folder of the images")
    return options


def machine_options(chosen: argparse.Namespace) -> Options:
    """What is to be made, from the command line."""
    with open(chosen.metadata, encoding="utf-8") as file:
        given = clouds.Given(json.load(file), name=chosen.name, token=chosen.token)
    routes = dict(route.split("=", 1) for route in chosen.route)
    if chosen.buckets:
        routes |= {host: chosen.buckets for host in clouds.CLOUDS[chosen.cloud].hosts}
    binds = dict(bind.split(":", 1) for bind in chosen.bind)
    return Options(chosen.cloud, chosen.tier, given, routes, binds, cache=chosen.cache)


def build(cache: str) -> None:
    """Makes what is not there yet, side by side."""
    started = time.monotonic()

    def make(image: str) -> str:
        path = rootfs(image, cache)
        return f"{image} {path} {time.monotonic() - started:.1f} s"

    with ThreadPoolExecutor() as pool:
        for line in pool.map(make, sorted(PACKAGES)):
            print(line, flush=True)
    path = tools_layer(rootfs("cloud-init", cache), cache)
    print(f"tools {path} {time.monotonic() - started:.1f} s", flush=True)


def run(chosen: argparse.Namespace) -> int:
    """One machine from its first start to its last end."""
    with Machine(machine_options(chosen)) as machine:
        for rule in chosen.on:
            machine.on(*rule.split("=>", 1))
        ends = []
        for _ in range(chosen.boots):
            machine.start()
            ends.append(machine.wait(chosen.timeout))
        print(json.dumps(machine.summary(chosen.unit), indent=1))
    return 0 if set(ends) == {POWER_OFF} else 1


def main() -> int:
    """The exit status of the program."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so it cleans up
    chosen = parser().parse_args()
    if chosen.command == "check":
        reason = missing(chosen.tier)
        print(reason or "nothing is missing")
        return 3 if reason else 0
    if chosen.command == "build":
        if reason := missing("container"):
            print(reason)
            return 3
        build(chosen.cache)
        return 0
    if reason := missing(chosen.tier):
        print(reason)
        return 3
    return run(chosen)
