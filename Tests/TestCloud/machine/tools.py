"""Google's images bring gsutil; Debian packages none. The container borrows this host's."""

from __future__ import annotations

import os
import shutil

from machine.machine import Options

SDK = "google-cloud-sdk"
LINK = "usr/local/bin/gsutil"


def add_gsutil(options: Options) -> None:
    """Shows a container the folder that gsutil is in, and puts it on its path. A virtual machine
    has none, and the bootstrap's other way to the bucket is what is tried there."""
    found = shutil.which("gsutil")
    if found is None or options.tier != "container":
        return
    program = os.path.realpath(found)
    if f"/{SDK}/" in program:
        folder = program[: program.index(f"/{SDK}/") + len(SDK) + 1]
    else:  # from PyPI: a script whose first line names its virtual environment's Python
        folder = os.path.dirname(os.path.dirname(program))
        if not os.path.exists(os.path.join(folder, "pyvenv.cfg")):
            return
    options.binds[folder] = folder
    options.links[LINK] = program
