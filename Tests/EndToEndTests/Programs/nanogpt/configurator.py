"""Overrides the globals of the script that executes this file, as --key=value."""

import sys
from ast import literal_eval

for argument in sys.argv[1:]:
    key, value = argument.removeprefix("--").split("=")
    assert key in globals(), f"unknown configuration key: {key}"
    try:
        globals()[key] = literal_eval(value)
    except (SyntaxError, ValueError):
        globals()[key] = value
