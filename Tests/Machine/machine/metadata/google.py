"""Google's metadata server: https://cloud.google.com/compute/docs/metadata/overview"""

from __future__ import annotations

import json
import threading
from typing import Any

from machine.metadata.http import Answer, Request, dig, document, put, text
from machine.network import MAC, MACHINE

ROOT = "/computeMetadata/v1"
LISTINGS = {"/": "computeMetadata/\n", "/computeMetadata/": "v1/\n"}
GUEST_ATTRIBUTES = f"{ROOT}/instance/guest-attributes/"
ACCOUNT = "run@test-project.iam.gserviceaccount.com"
SCOPES = ["https://www.googleapis.com/auth/devstorage.read_write"]


def tree(attributes: dict[str, str], name: str) -> dict[str, Any]:
    """All there is to know about a small spot machine with these attributes."""
    account = {"aliases": ["default"], "email": ACCOUNT, "scopes": SCOPES}
    card = {
        "mac": MAC, "ip": MACHINE, "network": "projects/1/networks/default",
        "access-configs": [], "forwarded-ips": [], "ip-aliases": [], "target-instance-ips": [],
    }  # fmt: skip
    return {
        "instance": {
            "id": 1234567890123456789, "name": name, "image": "", "description": "", "tags": [],
            "hostname": f"{name}.c.test-project.internal",
            "zone": "projects/1/zones/us-central1-a",
            "machine-type": "projects/1/machineTypes/n1-standard-2",
            "preempted": "FALSE", "maintenance-event": "NONE", "attributes": dict(attributes),
            "virtual-clock": {"drift-token": "0"}, "disks": [], "licenses": [],
            "scheduling": {"preemptible": "TRUE", "automatic-restart": "FALSE"},
            "service-accounts": {"default": dict(account), ACCOUNT: dict(account)},
            "network-interfaces": [card],
        },
        "project": {
            "project-id": "test-project", "numeric-project-id": 1, "attributes": {},
        },
    }  # fmt: skip


def camel(key: str) -> str:
    """JSON answers have camelCase keys, except below attributes."""
    first, *rest = key.split("-")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def camelized(value: Any, raw: bool) -> Any:
    if isinstance(value, dict):
        return {
            (key if raw else camel(key)): camelized(below, raw or key == "attributes")
            for key, below in value.items()
        }
    if isinstance(value, list):
        return [camelized(below, raw) for below in value]
    return value


class GoogleMetadata:
    """Attributes, changes that can be waited for, guest attributes, the account's token."""

    def __init__(self, attributes: dict[str, str], name: str, token: str) -> None:
        self.guest_attributes: dict[str, str] = {}
        self._tree = tree(attributes, name)
        self._token = token
        self._etag = 1
        self._changed = threading.Condition()

    def set(self, path: str, value: str) -> None:
        with self._changed:
            put(self._tree, path, value)
            self._etag += 1
            self._changed.notify_all()

    def preempt(self, notice_seconds: float) -> None:
        """The machine is told at the moment in which its power button is pressed."""
        self.set("instance/preempted", "TRUE")

    def answer(self, request: Request) -> Answer:
        if (
            request.path in LISTINGS
        ):  # gsutil asks / to learn whether it is on a machine of Google's
            return text(LISTINGS[request.path], Metadata_Flavor="Google")
        if not request.path.startswith(ROOT):
            return text("", 404, Metadata_Flavor="Google")
        if request.headers.get("metadata-flavor") != "Google":
            return text("Missing Metadata-Flavor:Google header.", 403)
        if request.path.startswith(GUEST_ATTRIBUTES):
            answer = self._guest_attribute(request)
        elif request.method != "GET":
            answer = text("", 405)
        elif request.path.endswith("/token") and "/service-accounts/" in request.path:
            answer = document(
                {"access_token": self._token, "expires_in": 3599, "token_type": "Bearer"}
            )
        else:
            answer = self._value(request)
        answer.headers |= {"Metadata-Flavor": "Google", "Server": "Metadata Server for VM"}
        return answer

    def _guest_attribute(self, request: Request) -> Answer:
        attributes = self._tree["instance"]["attributes"]
        if attributes.get("enable-guest-attributes", "").upper() != "TRUE":
            return text("Guest attributes endpoint access is disabled.", 403)
        name = request.path[len(GUEST_ATTRIBUTES) :]
        if request.method == "PUT":
            self.guest_attributes[name] = request.body.decode("utf-8", "replace")
            return text("")
        value = self.guest_attributes.get(name)
        return text("", 404) if value is None else text(value)

    def _value(self, request: Request) -> Answer:
        last = request.query("last_etag")
        if request.query("wait_for_change").lower() == "true" and last:
            patience = float(request.query("timeout_sec", "60"))
            with self._changed:
                self._changed.wait_for(lambda: str(self._etag) != last, patience)
        parts = [part for part in request.path[len(ROOT) :].split("/") if part]
        value, tag = dig(self._tree, parts), {"ETag": str(self._etag)}
        if value is None:
            return text("", 404, **tag)
        if not isinstance(value, (dict, list)):
            return text(value if isinstance(value, str) else json.dumps(value), **tag)
        if parts[-1:] == ["scopes"]:
            return text("".join(f"{scope}\n" for scope in value), **tag)
        if request.query("recursive").lower() == "true":
            answer = document(camelized(value, "attributes" in parts))
            answer.headers |= tag
            return answer
        named = value.items() if isinstance(value, dict) else enumerate(value)
        lines = [f"{key}/" if isinstance(below, (dict, list)) else str(key) for key, below in named]
        return text("".join(f"{line}\n" for line in lines), **tag)
