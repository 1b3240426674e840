"""Write the programs of all packages that this environment can see into its own bin directory.

A program such as torchrun begins with the name of the Python that it was installed for: the machine's,
or that of another environment, which does not see what is installed here. Programs that are in the
bin directory already stay.
"""

import os
import re
import shlex
import sys
from importlib import metadata

BIN = os.path.dirname(sys.executable)
# The kernel reads 127 bytes of a first line in older versions, and splits it at the first blank
# (execve(2)).
LONGEST = 120


def first_lines():
    """Return what a script begins with so that this Python runs it."""
    if len(sys.executable.encode()) < LONGEST and not re.search(r"\s", sys.executable):
        return f"#!{sys.executable}\n"
    # A line that a shell and Python read each in its own way; pip writes the same.
    return f"#!/bin/sh\n'''exec' {shlex.quote(sys.executable)} \"$0\" \"$@\"\n' '''\n"


def write(name, text):
    """Write one script, unless something has its name already."""
    path = os.path.join(BIN, name)
    if not re.fullmatch(r"[\w.+-]+", name) or os.path.lexists(path):
        return
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(first_lines() + text)
    os.chmod(path, 0o755)


def entry_script(value):
    """Return the text of a script for an entry point such as ``torch.distributed.run:main``."""
    module, _, attribute = value.partition("[")[0].strip().partition(":")
    root = attribute.split(".")[0]
    return (
        f"import sys\nfrom {module} import {root}\n"
        f'if __name__ == "__main__":\n    sys.exit({attribute}())\n'
    )


def plain_scripts(package):
    """Return the scripts that a package brings as files, such as deepspeed: names and texts."""
    record = package.read_text("RECORD") or ""
    for line in record.splitlines():
        path = line.split(",")[0]
        if os.path.basename(os.path.dirname(path)) != "bin":
            continue
        try:
            with open(
                package.locate_file(path), encoding="utf-8", errors="surrogateescape"
            ) as file:
                first = file.readline(256)
                if first.startswith("#!") and "python" in first:
                    yield os.path.basename(path), file.read()
        except OSError:
            continue


def main():
    """Link all of them; a package that cannot be read is left out."""
    for package in metadata.distributions():
        try:
            for entry in package.entry_points:
                if entry.group == "console_scripts" and ":" in entry.value:
                    write(entry.name, entry_script(entry.value))
            for name, text in plain_scripts(package):
                write(name, text)
        except Exception as error:
            print(f"{package}: its programs were left out: {error}", file=sys.stderr)


main()
