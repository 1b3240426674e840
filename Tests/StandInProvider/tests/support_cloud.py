"""The stand-in clouds in the test's own process."""

import importlib.util
import json
import unittest

if not all(importlib.util.find_spec(name) for name in ("grpc", "tf")):
    raise unittest.SkipTest("needs the PyPI package tf: see requirements.txt")

from standin.provider import Provider
from standin.server import Served

from .support import RunFolder, temporary_folder

PROVIDERS = {"gcp": "google", "azure": "azurerm"}


class Cloud:
    """One stand-in cloud; `with Cloud("gcp") as cloud:` then cloud.folder(machine_type=…)."""

    def __init__(self, name):
        self.name = name
        self.files = temporary_folder() / "cloud"
        self.faults = self.files.parent / "faults.json"
        self.events = []
        provider = Provider(
            PROVIDERS[name], cloud=str(self.files), hook=self.hook, faults=str(self.faults)
        )
        self.served = Served(provider)
        self.env = None

    def __enter__(self):
        self.env = {**self.served.__enter__(), "TF_CLI_CONFIG_FILE": "/dev/null"}
        return self

    def __exit__(self, *error):
        self.served.__exit__(*error)

    def hook(self, event, kind, message):
        """Notes what is done."""
        if event in ("create", "update", "delete"):
            self.events.append((event, kind, message["state"]))

    def run_folder(self, **variables):
        """A run folder for this cloud."""
        return RunFolder(self.name, self.env, **variables)

    def fail(self, *entries):
        """Writes the fault file."""
        self.faults.write_text(json.dumps(entries))

    def living(self, kind=""):
        """The states of what lives, of one kind or of all."""
        files = sorted(self.files.glob(f"{kind or '*'}@*.json"))
        return [json.loads(file.read_text()) for file in files]

    def only(self, kind):
        """The one living resource of a kind."""
        (state,) = self.living(kind)
        return state

    def changed(self):
        """Kinds of what was made, changed or removed since the last call."""
        kinds = sorted({(event, kind) for event, kind, _ in self.events})
        self.events.clear()
        return kinds
