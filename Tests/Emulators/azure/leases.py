"""Leases of blobs: who holds one is the only one that writes (Terraform's lock of its state).

learn.microsoft.com/rest/api/storageservices/lease-blob; of its actions those that Terraform takes.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from ..emulator.store import Refusal
from . import answers

if TYPE_CHECKING:
    from .handler import AzureHandler

PRESENT = "There is already a lease present."
MISSING = "There is currently a lease on the blob and no lease ID was specified in the request."
OTHER = "The lease ID specified did not match the lease ID for the blob."


def answer(handler: AzureHandler, container: str, name: str) -> None:
    """Acquire, release and break."""
    handler.body()
    found = handler.store.find(container, name)
    leases, place = handler.store.leases, (container, name)
    action = handler.headers.get("x-ms-lease-action", "")
    headers, status = answers.identity_headers(found), 200
    with handler.store.lock:
        if action == "acquire":
            wanted = handler.headers.get("x-ms-proposed-lease-id") or str(uuid.uuid4())
            if leases.setdefault(place, wanted) != wanted:
                raise Refusal(409, PRESENT, "LeaseAlreadyPresent")
            headers, status = [*headers, ("x-ms-lease-id", wanted)], 201
        elif action == "release":
            if leases.get(place) != handler.headers.get("x-ms-lease-id"):
                raise Refusal(409, OTHER, "LeaseIdMismatchWithLeaseOperation")
            del leases[place]
        elif action == "break":
            leases.pop(place, None)
            headers, status = [*headers, ("x-ms-lease-time", 0)], 202
        else:
            raise Refusal(501, f"not implemented: lease action {action}")
    handler.reply(status, headers)


def check(handler: AzureHandler, container: str, name: str) -> None:
    """Before a write or a removal."""
    held, given = handler.store.leases.get((container, name)), handler.headers.get("x-ms-lease-id")
    if held and not given:
        raise Refusal(412, MISSING, "LeaseIdMissing")
    if given and held != given:
        raise Refusal(412, OTHER, "LeaseIdMismatchWithBlobOperation")
