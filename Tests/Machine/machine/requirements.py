"""What the tiers need of this machine, and what of it is missing."""

from __future__ import annotations

import os
import shutil
import subprocess

from machine.confined import CONFINED
from machine.recipe import recipe

NEEDED = {
    "container": [
        "mmdebstrap", "systemd-nspawn", "journalctl", "nsenter", "unshare", "setpriv", "ip",
        "openssl",
    ],
    "vm": [
        "mmdebstrap", "qemu-system-x86_64", "mke2fs", "debugfs", "lz4", "journalctl", "nsenter",
        "unshare", "setpriv", "ip", "openssl",
    ],
}  # fmt: skip


def missing(tier: str) -> str | None:
    """Why the tier cannot run here; None if it can."""
    if os.uname().sysname != "Linux":
        return "machines need Linux"
    if os.geteuid() != 0:
        return "machines need root, for network namespaces and images"
    for tool in NEEDED[tier]:
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    probe = subprocess.run(
        [*CONFINED, "unshare", "--net", "true"], capture_output=True, check=False
    )
    if probe.returncode:
        return "this root may make no namespaces, which machines live in"
    if tier == "vm" and not os.path.exists("/dev/net/tun"):
        return "/dev/net/tun is not there"
    try:
        recipe("cloud-init")
    except ValueError as error:
        return str(error)
    return None
