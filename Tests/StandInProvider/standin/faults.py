"""Failures on demand: what the real providers print when a cloud refuses, read from a JSON file.

TFSHIM_FAULTS names the file, which is read anew at every operation. It holds a list; each entry:

    {"fault": "stockout",                     see refusals.json; or "slow"; or "message" with "text"
     "on": "create",                          create (default), update, delete, read
     "type": "google_compute_instance",       default: the machine
     "match": {"zone": "us-central1-a"},      attributes that must be equal; default: any
     "times": 1,                              how often at most; default: always
     "delay": 5,                              seconds before it happens; of "slow": its duration
     "leaves": true,                          what was to be created is there all the same
     "on_stop": "finish"}                     a slow operation at Ctrl-C: "finish" at once, "fail"
                                              as if nothing was made, or "orphan": made, but said to
                                              have failed, so that Terraform's state has nothing; or
                                              "deaf": made at once, and it goes on all the same

How often an entry has struck is counted in the toy cloud's folder (TFSHIM_CLOUD), by its position.
"""

import json
import os
import pathlib

MACHINES = ("google_compute_instance", "azurerm_linux_virtual_machine")

MESSAGES = json.loads((pathlib.Path(__file__).parent / "refusals.json").read_text())


class Fields(dict):
    """For str.format_map: what the resource does not have reads as unknown."""

    def __missing__(self, key):
        return "unknown"


class Faults:
    """The faults of one provider process."""

    def __init__(self, provider, path, cloud):
        self.provider, self.path, self.cloud = provider, path, cloud

    def find(self, event, kind, state):
        """The entry that strikes this operation, counted as struck; None where none does."""
        if not self.path or not os.path.exists(self.path):
            return None
        entries = json.loads(pathlib.Path(self.path).read_text())
        for index, entry in enumerate(entries):
            wanted = [entry["type"]] if "type" in entry else MACHINES
            if kind not in wanted or event != entry.get("on", "create"):
                continue
            if any(state.get(key) != item for key, item in entry.get("match", {}).items()):
                continue
            if self.strike(index) <= entry.get("times", float("inf")):
                return entry
        return None

    def strike(self, index):
        """Counts one more hit of an entry: its own number, however many strike at once."""
        counter = pathlib.Path(self.cloud or ".") / f".fault-{index}"
        counter.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(counter, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, b".")
            # Where this very write ended; the file's size may count another's by now
            return os.lseek(descriptor, 0, os.SEEK_CUR)
        finally:
            os.close(descriptor)

    def text(self, entry, state):
        """What the provider prints for an entry."""
        if entry["fault"] == "message":
            return entry["text"]
        return MESSAGES[self.provider][entry["fault"]].format_map(Fields(state))
