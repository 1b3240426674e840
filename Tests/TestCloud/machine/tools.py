"""Google's images bring gsutil; Debian packages none. The machine borrows this host's."""

from __future__ import annotations

import os
import shutil

SDK = "google-cloud-sdk"


def gsutil_binds() -> dict[str, str]:
    """What to show the container, and where, so that `gsutil` is on its path; {} without one."""
    found = shutil.which("gsutil")
    if found is None:
        return {}
    program = os.path.realpath(found)
    if f"/{SDK}/" in program:
        sdk = program[: program.index(f"/{SDK}/") + len(SDK) + 1]
        return {sdk: sdk, found: "/usr/local/bin/gsutil"}
    # From PyPI: a script whose first line names its virtual environment's Python.
    folder = os.path.dirname(os.path.dirname(program))
    if not os.path.exists(os.path.join(folder, "pyvenv.cfg")):
        return {}
    return {folder: folder, program: "/usr/local/bin/gsutil"}
