"""Files that carry their own checksum, so that a torn one shows wherever it is found."""

import hashlib
import json
import os
import random

MARK = b"sealed "


def seal(payload: bytes) -> bytes:
    """A whole file: one line with the payload's digest and length, then the payload."""
    digest = hashlib.sha256(payload).hexdigest()
    return MARK + f"{digest} {len(payload)}\n".encode() + payload


def flaw(content: bytes):
    """What is wrong with a file; None where it is whole."""
    head, newline, payload = content.partition(b"\n")
    if not newline or not head.startswith(MARK):
        return f"has no seal, {len(content)} bytes"
    digest, length = head[len(MARK) :].split()
    if int(length) != len(payload):
        return f"has {len(payload)} bytes of {int(length)}"
    if hashlib.sha256(payload).hexdigest().encode() != digest:
        return "differs from its seal"
    return None


def line_flaw(content: bytes):
    """What is wrong with a log of numbered JSON lines; None where it is a prefix of whole lines."""
    if content and not content.endswith(b"\n"):
        return "ends in half a line"
    for number, line in enumerate(content.splitlines()):
        try:
            entry = json.loads(line)
        except ValueError:
            return f"line {number} is no JSON"
        if entry.get("n") != number:
            return f"line {number} says it is {entry.get('n')}"
    return None


def files_below(root):
    """Relative paths of all plain files below a directory."""
    for directory, _, names in os.walk(root):
        for name in names:
            path = os.path.join(directory, name)
            if os.path.isfile(path) and not os.path.islink(path):
                yield os.path.relpath(path, root)


def payload(chance: random.Random, most: int) -> bytes:
    return chance.randbytes(chance.randrange(most))
