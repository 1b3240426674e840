"""The image's kernel as qemu starts it at once: unpacked, with its PVH entry."""

from __future__ import annotations

import glob
import os
import subprocess

LZ4_MAGIC = b"\x02\x21\x4c\x18"
ELF_MAGIC = b"\x7fELF"


def unpacked_kernel(rootfs: str) -> str:
    """Path of the vmlinux, kept beside the image."""
    target = rootfs + ".vmlinux"
    if os.path.exists(target):
        return target
    packed = sorted(glob.glob(os.path.join(rootfs, "boot/vmlinuz-*")))[-1]
    with open(packed, "rb") as file:
        data = file.read()
    at = data.find(LZ4_MAGIC)
    while at >= 0:
        done = subprocess.run(["lz4", "-dc"], input=data[at:], capture_output=True, check=False)
        if done.stdout.startswith(ELF_MAGIC):
            with open(target + ".new", "wb") as file:
                file.write(done.stdout)
            os.rename(target + ".new", target)
            return target
        at = data.find(LZ4_MAGIC, at + 1)
    raise RuntimeError(f"{packed} holds no kernel packed with lz4")
