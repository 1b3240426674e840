"""python3 Tests/TestCloud/machine run --tier container --cloud gce --metadata FILE …"""

from __future__ import annotations

import os
import sys

if not __package__:  # started as a folder: its own files would hide the standard library's
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from machine.command_line import main

sys.exit(main())
