"""The laptop of a road test: the built launcher, real Terraform, a stand-in for Google's API."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from .rendering import ROOT
from .support import PATIENCE, TESTS, Buckets

BUILT = [ROOT / ".build" / kind / "train" for kind in ("release", "debug")]
LAUNCHER = os.environ.get("TRAIN_LAUNCHER") or next((str(p) for p in BUILT if p.exists()), None)

# What the stand-in does when Terraform makes an instance: it lays down what it was told.
HOOK = """#!/bin/sh
[ "$1 $2" = "create google_compute_instance" ] || exit 0
cat > "{folder}/instance.new" && mv "{folder}/instance.new" "{folder}/instance"
"""


def missing() -> str | None:
    """Why the road cannot be walked here; None if it can."""
    if LAUNCHER is None:
        return "train is not built"
    laid = subprocess.run(
        [sys.executable, "-c", "import cryptography, tf"], capture_output=True, check=False
    )
    return None if laid.returncode == 0 else "PyPI's tf and cryptography are not installed"


def wheel_of_pip() -> pathlib.Path | None:
    """The wheel of pip that ensurepip has beside it, or where Debian keeps it."""
    import ensurepip

    places = [pathlib.Path(ensurepip.__file__).parent / "_bundled"]
    places.append(pathlib.Path("/usr/share/python-wheels"))
    return next((wheel for place in places for wheel in place.glob("pip-*.whl")), None)


class Laptop:
    """A user's folder, and what the user's commands find around them."""

    def __init__(self, buckets: Buckets) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="machine-laptop-")
        self.folder = pathlib.Path(self._folder.name)
        self.buckets = buckets
        cloud = self.folder / "cloud"
        laid = subprocess.run(
            [sys.executable, os.path.join(TESTS, "StandInProvider/mirror.py"), str(cloud)],
            capture_output=True,
            text=True,
            check=True,
        )
        told = {**buckets.environment, **json.loads(laid.stdout)}
        hook = self.folder / "hook"
        hook.write_text(HOOK.format(folder=self.folder))
        hook.chmod(0o755)
        told["TFSHIM_HOOK"] = str(hook)
        told["GOOGLE_STORAGE_CUSTOM_ENDPOINT"] = f"{buckets.http}/storage/v1/"
        told["XDG_STATE_HOME"] = str(self.folder / "state")
        told["HOME"] = str(self.folder)
        # The one that this Python carries: tests fetch nothing.
        told["TRAIN_PIP_WHEEL"] = str(wheel_of_pip() or "none")
        # What `gcloud auth application-default login` leaves.
        login = self.folder / ".config/gcloud/application_default_credentials.json"
        login.parent.mkdir(parents=True)
        login.write_text('{"type": "authorized_user"}')
        self.has_amazon = told["TRAIN_TEST_HAS_AWS"] is not None
        environment = {**os.environ, **told}
        self._environment = {key: value for key, value in environment.items() if value is not None}

    def close(self) -> None:
        """The folder goes, whatever is in it."""
        self._folder.cleanup()

    def train(self, *words: str) -> subprocess.Popen[str]:
        """`train WORDS`, begun."""
        return subprocess.Popen(
            [LAUNCHER or "train", *words],
            env=self._environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def awaited(
        self, starting: subprocess.Popen[str], look: Callable[[], dict[str, Any] | None]
    ) -> dict[str, Any]:
        """The machine that Terraform wants made, as soon as it does."""
        over = time.monotonic() + PATIENCE
        while (found := look()) is None:
            if starting.poll() is not None or time.monotonic() > over:
                starting.kill()
                raise AssertionError(f"no machine was made: {starting.communicate()[0]}")
            time.sleep(0.05)
        return found

    def instance(self) -> dict[str, Any] | None:
        """What the stand-in was told to make."""
        path = self.folder / "instance"
        return json.loads(path.read_text())["state"] if path.exists() else None

    def amazon_instance(self) -> dict[str, Any] | None:
        """What moto was told to make."""
        ec2 = self.amazon("ec2")
        states = [{"Name": "instance-state-name", "Values": ["running"]}]
        found = ec2.describe_instances(Filters=states)["Reservations"]
        if not found:
            return None
        name = found[0]["Instances"][0]["InstanceId"]
        sent = ec2.describe_instance_attribute(InstanceId=name, Attribute="userData")
        return {"name": name, "metadata": {"user_data_base64": sent["UserData"]["Value"]}}

    def amazon(self, service: str) -> Any:
        """A client of moto's."""
        import boto3

        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        return boto3.client(
            service, region_name="us-east-1", endpoint_url=self.buckets.http, **keys
        )

    def living(self) -> list[str]:
        """What the stand-in's cloud and the state of the runs hold."""
        cloud = (self.folder / "cloud/cloud").glob("*.json")
        runs = (self.folder / "state/train/runs").glob("*")
        return sorted(path.name for path in [*cloud, *runs])
