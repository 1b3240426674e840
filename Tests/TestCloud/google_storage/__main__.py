"""python3 Tests/TestCloud/google_storage --tls-port 0 --data DIR --port-file FILE"""

import os
import sys

if not __package__:  # started as a folder: its own files would hide the standard library's
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from google_storage.service import main

main()
