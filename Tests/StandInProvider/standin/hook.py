"""The hook of a provider: a function or a command that takes part in every operation."""

import json
import subprocess


class Refused(Exception):
    """An operation the cloud does not do; its text is the diagnostic."""


class Unfinished(Refused):
    """A creation that failed after the cloud had begun: what was made is there all the same."""


def call_hook(hook, event, kind, message):
    """What the hook answers."""
    if callable(hook):
        try:
            return hook(event, kind, message)
        except Exception as error:
            raise Refused(error) from error
    if not hook:
        return None
    text = json.dumps(message, default=repr)
    ran = subprocess.run(
        [hook, event, kind], input=text, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise Refused(ran.stderr.strip() or f"hook: exit {ran.returncode}")
    return json.loads(ran.stdout) if ran.stdout.strip() else None
