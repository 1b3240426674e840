"""The toy cloud: a folder with one JSON file for each resource that lives."""

import contextlib
import hashlib
import json
import os
import pathlib
import re
import threading


class Files:
    """What a provider with a `cloud` folder (or None) keeps there."""

    cloud = None

    def path(self, kind, identity):
        """The file of one resource: its kind, the end of its id, and enough to tell ids apart."""
        tail = re.sub(r"[^A-Za-z0-9.-]", "-", str(identity).rsplit("/", 1)[-1])[:60]
        digest = hashlib.sha256(str(identity).encode()).hexdigest()[:8]
        return pathlib.Path(self.cloud) / f"{kind}@{tail}@{digest}.json"

    def load(self, kind, identity):
        """A living resource, None if there is none."""
        with contextlib.suppress(OSError):
            return json.loads(self.path(kind, identity).read_text())
        return None

    def living(self, kind):
        """Every living resource of a kind."""
        files = pathlib.Path(self.cloud).glob(f"{kind}@*.json") if self.cloud else []
        found = []
        for file in files:
            with contextlib.suppress(FileNotFoundError):
                found.append(json.loads(file.read_text()))
        return found

    def store(self, kind, identity, state):
        """Writes a resource's file, or removes it."""
        if not self.cloud:
            return
        os.makedirs(self.cloud, exist_ok=True)
        if state is not None:
            file = self.path(kind, identity)
            fresh = file.with_suffix(f".{threading.get_ident()}.new")
            fresh.write_text(json.dumps(state, indent=1))
            fresh.replace(file)  # whole, for whoever reads meanwhile
        else:
            self.path(kind, identity).unlink(missing_ok=True)
