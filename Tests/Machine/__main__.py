"""python3 Tests/Machine run --tier container --cloud gce --metadata FILE …"""

from __future__ import annotations

import sys

from machine.command_line import main

sys.exit(main())
