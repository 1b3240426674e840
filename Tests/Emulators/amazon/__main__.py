"""python3 Tests/Emulators/amazon --port 0 --port-file FILE [--parent-pid PID]"""

import os
import sys

# Imported from the folder Tests: as top-level names `google` and `azure` would hide PyPI's.
if not __package__:
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from Emulators.amazon.moto_server import main

main()
