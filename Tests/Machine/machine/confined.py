"""Commands that leave nothing behind, whatever becomes of us: no mount, no process."""

from __future__ import annotations

# In a process namespace of its own: with its first process everything in it ends, and the first one
# ends with our thread. So not even a killed test leaves a container running.
CONFINED = [
    "setpriv", "--pdeathsig", "KILL",
    "unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child",
    "--mount-proc", "--",
]  # fmt: skip
