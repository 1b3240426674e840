#!/usr/bin/env bash
# Runs once after requirements.txt, before the training. A real one would compile extensions or
# install system packages; this one leaves build_info.json for the trainer to put into its result.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

python3 - <<'END'
import json
import platform

import numpy

information = {
    "python": platform.python_version(),
    "numpy": numpy.__version__,
    "machine": platform.machine(),
}
with open("build_info.json", "w") as file:
    json.dump(information, file)
print("install.sh: Python {python}, NumPy {numpy}, {machine}".format(**information))
END
