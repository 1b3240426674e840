"""One run as the launcher sends it: objects in the emulated buckets, metadata for its machine."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import tarfile
import time
from typing import Any

from .rendering import ACCOUNT, ROOT, render
from .support import Buckets

BUILT = [os.path.join(ROOT, ".build", kind, "train-agent") for kind in ("release", "debug")]
AGENT = os.environ.get("TRAIN_AGENT") or next(filter(os.path.exists, BUILT), None)
STORES = {"gcp": "gs://", "aws": "s3://", "azure": f"az://{ACCOUNT}/"}


def archive(**files: str) -> bytes:
    """A code.tar.gz as the launcher makes it."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for path, text in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return made.getvalue()


def job(cloud: str, code: bytes, arguments: list[str], sync: dict[str, Any]) -> dict[str, Any]:
    """What the launcher writes for a machine of this cloud."""
    store = STORES[cloud]
    folders = {name: f"/var/lib/train/{name}" for name in ("code", "output", "logs")}
    return {
        "version": 1,
        "run": {"cloud": cloud, "project_name": "p", "code_name": "c", "dataset_name": "beer"},
        "code": {
            "source": f"{store}run-code/code.tar.gz",
            "sha256": hashlib.sha256(code).hexdigest(),
            "module": "training_module.main",
            "arguments": arguments,
        },
        "dataset": f"{store}beer",
        "output": f"{store}run-output",
        "directories": {"work": "/var/lib/train", "dataset": "/mnt/train/dataset", **folders},
        "environment": {},
        "grace_seconds": 5,
        "max_restarts": 0,
        "sync": {
            "interval_seconds": 5, "max_staleness_seconds": 600, "transfer_timeout_seconds": 120,
            "final_sync_timeout_seconds": 600, "exclude": [], "mirror": False, **sync,
        },
        # Being off is not enough on Azure; elsewhere the agent's unit does it.
        "power_off": ["/usr/local/sbin/train-deallocate"] if cloud == "azure" else None,
        "created_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }  # fmt: skip


class RentedRun:
    """The built agent and a training of one module, in these buckets."""

    def __init__(
        self,
        cloud: str,
        buckets: Buckets,
        main: str,
        arguments: tuple[str, ...] = (),
        settings: dict[str, object] | None = None,
        grace_seconds: int = 5,
        **sync: Any,
    ) -> None:
        self.buckets = buckets
        for bucket in ("run-code", "run-output", "beer"):
            buckets.make(bucket)
        with open(AGENT or "", "rb") as file:
            agent = file.read()
        code = archive(**{"training_module/main.py": main})
        buckets.put("run-code", "train-agent", agent)
        buckets.put("run-code", "code.tar.gz", code)
        buckets.put("beer", "beer.csv", b"1,2,3\n")
        made = job(cloud, code, list(arguments), sync) | {"grace_seconds": grace_seconds}
        self.metadata = render(cloud, agent, made, MAX_SECONDS=3600, **(settings or {}))
        if cloud == "aws":  # as Terraform's base64gzip() packs it
            packed = gzip.compress(self.metadata["user-data"].encode())
            self.metadata = {"user_data_base64": base64.b64encode(packed).decode()}
        if cloud == "azure":
            packed = self.metadata["user-data"].encode()
            self.metadata = {"custom_data": base64.b64encode(packed).decode()}

    def output(self, name: str) -> bytes:
        """An object of the output bucket."""
        return self.buckets.get("run-output", name)

    def document(self, name: str) -> dict[str, Any]:
        """run/status.json and the like."""
        return json.loads(self.output(f"run/{name}.json"))
