"""`python3 -m standin NAME`: a provider process, spawned by Terraform (see mirror.py).

TFSHIM_CLOUD   folder of the toy cloud: one JSON file per resource that lives
TFSHIM_LOG     JSON lines: what was created, changed, deleted
TFSHIM_HOOK    command; arguments EVENT TYPE, standard input: JSON with "state"; what it prints
               (JSON) is laid over the state; if it fails, so does the operation, with its stderr
TFSHIM_FAULTS  the fault file (see faults.py)
"""

import os
import sys

from .provider import Provider
from .server import serve_spawned

if __name__ == "__main__":
    if "TF_PLUGIN_MAGIC_COOKIE" not in os.environ:
        sys.exit("this is a Terraform provider: Terraform starts it")
    env = os.environ
    serve_spawned(
        Provider(
            sys.argv[1],
            cloud=env.get("TFSHIM_CLOUD"),
            log=env.get("TFSHIM_LOG"),
            hook=env.get("TFSHIM_HOOK"),
            faults=env.get("TFSHIM_FAULTS"),
        )
    )
