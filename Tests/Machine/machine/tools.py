"""The clouds' own tools, which their images bring and Debian does not: a layer over the image."""

from __future__ import annotations

import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys

from machine.cache import locked, remove_others

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 3))
PLACE = "opt/tools"

# What each cloud's images have on their path.
COMMANDS = {"gsutil": "gslib.__main__", "aws": "awscli.clidriver"}

COMMAND = f"""#!/usr/bin/python3
import sys
sys.path.insert(0, "/{PLACE}")
from {{module}} import main
sys.exit(main())
"""


def pins() -> list[str]:
    """The versions that the other tests take, too."""
    with open(os.path.join(ROOT, ".ci/requirements.txt"), encoding="utf-8") as file:
        return re.findall(r"^(?:gsutil|awscli)==\S+", file.read(), re.M)


def fitting_python(rootfs: str) -> tuple[str, str]:
    """A Python of this host that has the image's version, since some packages hold machine code."""
    (path,) = glob.glob(os.path.join(rootfs, "usr/bin/python3.[0-9]*[0-9]"))
    version = os.path.basename(path).removeprefix("python")
    for python in (sys.executable, "/usr/bin/python3"):
        asked = [python, "-c", "import pip, sys; print('%d.%d' % sys.version_info[:2])"]
        told = subprocess.run(asked, capture_output=True, text=True, check=False)
        if told.stdout.strip() == version:
            return python, version
    raise RuntimeError(f"no Python {version} with pip here, which the image's tools need")


def tools_layer(rootfs: str, cache: str) -> str:
    """The folder of the layer; never to be written to."""
    python, version = fitting_python(rootfs)
    what = "\n".join([version, COMMAND, *pins()])
    path = os.path.join(cache, f"tools-{hashlib.sha256(what.encode()).hexdigest()[:16]}")
    with locked(os.path.join(cache, "tools.lock")):
        if os.path.isdir(path):
            return path
        remove_others(cache, "tools")
        building = path + ".building"
        target = os.path.join(building, PLACE)
        done = subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--target", target, *pins()],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"pip cannot install {' '.join(pins())}:\n{done.stderr[-2000:]}")
        shutil.rmtree(
            os.path.join(target, "bin"), ignore_errors=True
        )  # they name this host's Python
        os.rename(building, path)
    return path


def command(name: str) -> str:
    """The program that starts one of the layer's tools."""
    return COMMAND.format(module=COMMANDS[name])
