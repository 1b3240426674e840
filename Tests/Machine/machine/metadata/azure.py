"""Azure's Instance Metadata Service, as far as identities, evictions and our scripts need it.

https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service
https://learn.microsoft.com/azure/virtual-machines/linux/scheduled-events
"""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import Any

from machine.metadata.http import Answer, Request, document, text

MACHINE_ID = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/run"
    "/providers/Microsoft.Compute/virtualMachines/run"
)
SECONDS = 86400


class AzureMetadata:
    """Who the machine is, and a token of its one identity for each resource."""

    def __init__(self, identity: str, token: str) -> None:
        self._identity, self._token = identity, token
        self._values: dict[str, str] = {
            "instance/compute/resourceId": MACHINE_ID,
            "instance/compute/name": MACHINE_ID.rsplit("/", 1)[-1],
        }
        self._events: list[dict[str, Any]] = []
        self._incarnation = 1

    def set(self, path: str, value: str) -> None:
        self._values[path] = value

    def preempt(self, notice_seconds: float) -> None:
        """An eviction: this document is all that the guest gets of it."""
        self._events.append(
            {
                "EventId": "A123BC45-1234-5678-AB90-ABCDEF123456",
                "EventStatus": "Scheduled",
                "EventType": "Preempt",
                "ResourceType": "VirtualMachine",
                "Resources": [self._values["instance/compute/name"]],
                "NotBefore": formatdate(time.time() + notice_seconds, usegmt=True),
                "Description": "",
                "EventSource": "Platform",
                "DurationInSeconds": -1,
            }
        )
        self._incarnation += 1

    def answer(self, request: Request) -> Answer:
        if request.headers.get("metadata", "").lower() != "true":
            return text("Required metadata header not specified", 400)
        if "x-forwarded-for" in request.headers or not request.query("api-version"):
            return text("Bad request", 400)
        path = request.path.removeprefix("/metadata/")
        if path == "identity/oauth2/token":
            return self._oauth(request)
        if path == "scheduledevents":
            return document(
                {"DocumentIncarnation": self._incarnation, "Events": list(self._events)}
            )
        value = self._values.get(path)
        if value is None or request.query("format") != "text":
            return text("", 404)
        return text(value)

    def _oauth(self, request: Request) -> Answer:
        resource = request.query("resource")
        asked = request.query("msi_res_id", self._identity)
        if not resource or asked != self._identity:
            return document({"error": "invalid_request"}, 400)
        now = int(time.time())
        return document(
            {
                "access_token": f"{self._token} for {resource.rstrip('/')}",
                "client_id": "11111111-2222-3333-4444-555555555555",
                "expires_in": str(SECONDS),
                "expires_on": str(now + SECONDS),
                "not_before": str(now),
                "resource": resource,
                "token_type": "Bearer",
            }
        )
