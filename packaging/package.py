"""Packs the two built programs for a laptop: as a wheel, or below a prefix.

python3 packaging/package.py wheel DIRECTORY     ai_training_engine-VERSION-py3-none-PLATFORM.whl
python3 packaging/package.py install PREFIX      bin/train, bin/train-agent, share/…

Both hold the same files. The programs are static: they need no library of the computer.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DISTRIBUTION = "ai_training_engine"
# A static executable runs on every Linux of its processor; 2.17 is the oldest that pip knows as a
# manylinux of that form (PEP 600).
PLATFORMS = {"x86_64": "manylinux_2_17_x86_64", "aarch64": "manylinux_2_17_aarch64"}
# The earliest time that a zip file can hold: equal programs make an equal wheel.
EPOCH = (1980, 1, 1, 0, 0, 0)
PROGRAMS = ("train", "train-agent")


@dataclass(frozen=True)
class Packed:
    """One file of the package: its place below a prefix, its content and its mode."""

    path: str
    content: bytes
    mode: int = 0o644


def packed_files(programs: Path) -> Iterator[Packed]:
    """All files of the package: programs, completions, the demo's example and the licence.

    Args:
        programs: the directory of the two built executables.

    Raises:
        SystemExit: a program is not built, or not static.
    """
    for name in PROGRAMS:
        path = programs / name
        if not path.is_file():
            sys.exit(f"{path} is not built; build it with: swift build -c release")
        content = path.read_bytes()
        if b"/ld-linux" in content[:4096]:
            sys.exit(
                f"{path} is not static: it needs the libraries of the computer it was built on"
            )
        yield Packed(f"bin/{name}", content, 0o755)
    for shell, place in (
        ("bash", "share/bash-completion/completions/train"),
        ("zsh", "share/zsh/site-functions/_train"),
    ):
        yield Packed(place, output(programs / "train", "completion", shell))
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "Examples/digits"],
        check=True,
        capture_output=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        mode = 0o755 if os.access(ROOT / name, os.X_OK) else 0o644
        yield Packed(f"share/train/{name}", (ROOT / name).read_bytes(), mode)
    yield Packed("share/doc/train/LICENSE", (ROOT / "LICENSE").read_bytes())


def output(program: Path, *arguments: str) -> bytes:
    """What the program prints. Raises CalledProcessError where it fails."""
    return subprocess.run([program, *arguments], check=True, stdout=subprocess.PIPE).stdout


def version(programs: Path) -> str:
    """The version that the launcher itself names, such as 0.1.0."""
    return output(programs / "train", "--version").decode().split()[-1]


def metadata(number: str) -> bytes:
    """The wheel's METADATA; the README is its description."""
    head = (
        "Metadata-Version: 2.1\n"
        f"Name: {DISTRIBUTION.replace('_', '-')}\n"
        f"Version: {number}\n"
        "Summary: Train a Python model on a rented GPU machine with one command from a laptop\n"
        "License: Apache-2.0\n"
        "Requires-Python: >=3.8\n"
        "Description-Content-Type: text/markdown\n\n"
    )
    return head.encode() + (ROOT / "README.md").read_bytes()


def write_wheel(programs: Path, directory: Path) -> Path:
    """Writes the wheel for this processor, and gives its path.

    The format is that of the binary distribution format 1.0 (packaging.python.org, PEP 427):
    `.data/scripts` goes to bin, `.data/data` below the environment.
    """
    number, machine = version(programs), os.uname().machine
    tag = f"py3-none-{PLATFORMS[machine]}"
    stem = f"{DISTRIBUTION}-{number}"
    info = f"{stem}.dist-info"
    files = [
        *(
            Packed(in_wheel(stem, file.path), file.content, file.mode)
            for file in packed_files(programs)
        ),
        Packed(f"{info}/METADATA", metadata(number)),
        Packed(
            f"{info}/WHEEL",
            f"Wheel-Version: 1.0\nGenerator: {DISTRIBUTION}\nRoot-Is-Purelib: false\nTag: {tag}\n".encode(),
        ),
    ]
    record = "".join(
        f"{file.path},sha256={digest(file.content)},{len(file.content)}\n" for file in files
    )
    files.append(Packed(f"{info}/RECORD", f"{record}{info}/RECORD,,\n".encode()))
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{stem}-{tag}.whl"
    with replacing(path) as partial, zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as wheel:
        for file in files:
            entry = zipfile.ZipInfo(file.path, EPOCH)
            entry.external_attr = (stat.S_IFREG | file.mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            wheel.writestr(entry, file.content)
    os.chmod(path, 0o644)
    return path


def in_wheel(stem: str, path: str) -> str:
    """Where a wheel holds the file that belongs to that path below a prefix."""
    if path.startswith("bin/"):
        return f"{stem}.data/scripts/{path[len('bin/') :]}"
    return f"{stem}.data/data/{path}"


def digest(content: bytes) -> str:
    """As RECORD wants it: URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


class replacing:
    """A file that takes its name only when it is whole."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> str:
        number, self.partial = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        os.close(number)
        return self.partial

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            os.unlink(self.partial)
            return
        os.replace(self.partial, self.path)


def install(programs: Path, prefix: Path) -> None:
    """Puts the files below the prefix; a program that runs meanwhile goes on with its old file."""
    for file in packed_files(programs):
        path = prefix / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as partial:
            Path(partial).write_bytes(file.content)
            os.chmod(partial, file.mode)


def main() -> None:
    parser = argparse.ArgumentParser(description="Packs the built programs.")
    parser.add_argument(
        "--programs", type=Path, default=ROOT / ".build" / "release", help="where they were built"
    )
    kinds = parser.add_subparsers(dest="kind", required=True)
    kinds.add_parser("wheel").add_argument("directory", type=Path)
    kinds.add_parser("install").add_argument("prefix", type=Path)
    given = parser.parse_args()
    if given.kind == "wheel":
        print(write_wheel(given.programs, given.directory))
    else:
        install(given.programs, given.prefix)


if __name__ == "__main__":
    main()
