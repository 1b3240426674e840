"""python3 Tests/Emulators/azure --data DIR --port-file FILE"""

import os
import sys

# Imported from the folder Tests: as top-level names `google` and `azure` would hide PyPI's.
if not __package__:
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from Emulators.azure.service import main

main()
