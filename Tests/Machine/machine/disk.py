"""The virtual machine's disk: an ext4 image made and read without mounting it."""

from __future__ import annotations

import os
import subprocess

from machine.layers import Layers


def make_disk(path: str, layers: Layers) -> None:
    """The image with the machine's own files, as a file system labelled root."""
    with open(path, "wb") as file:
        file.truncate(3 << 30)
    argv = [
        "mke2fs", "-q", "-F", "-t", "ext4", "-L", "root", "-O", "^metadata_csum_seed",
        "-E", "lazy_itable_init=1,lazy_journal_init=1,root_owner=0:0",
        "-d", layers.merged, path,
    ]  # fmt: skip
    subprocess.run(layers.command(*argv), check=True, timeout=120)


def read_file(disk: str, path: str) -> bytes | None:
    """A file of the image; None where there is none."""
    done = subprocess.run(
        ["debugfs", "-R", f'cat "{path}"', disk], capture_output=True, timeout=30, check=False
    )
    missing = b"File not found" in done.stderr
    return None if missing else done.stdout


def copy_folder(disk: str, path: str, target: str) -> None:
    """A folder of the image, into the existing folder `target`."""
    os.makedirs(target, exist_ok=True)
    subprocess.run(
        ["debugfs", "-R", f'rdump "{path}" "{target}"', disk],
        capture_output=True,
        timeout=60,
        check=False,
    )
