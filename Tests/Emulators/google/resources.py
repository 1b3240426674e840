"""Buckets, objects and errors as the JSON API shows them."""

from __future__ import annotations

import base64
import re
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

from ..emulator.store import Bucket, Refusal, StoredObject

REASONS = {
    400: "invalid",
    401: "authError",
    403: "forbidden",
    404: "notFound",
    409: "conflict",
    412: "conditionNotMet",
    416: "requestedRangeNotSatisfiable",
    429: "rateLimitExceeded",
    500: "backendError",
    501: "notImplemented",
    503: "backendError",
}


def time_text(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def error(refusal: Refusal) -> dict[str, Any]:
    reason = refusal.code or REASONS.get(refusal.status, "error")
    detail = {"domain": "global", "reason": reason, "message": refusal.message}
    return {"error": {"code": refusal.status, "message": refusal.message, "errors": [detail]}}


def new_bucket(name: str, given: dict[str, Any], base: str) -> dict[str, Any]:
    now = time_text(datetime.now(timezone.utc))
    resource = {
        "kind": "storage#bucket",
        "id": name,
        "name": name,
        "projectNumber": "1234567890",
        "metageneration": "1",
        "selfLink": f"{base}/storage/v1/b/{name}",
        "location": "US",
        "locationType": "multi-region",
        "storageClass": "STANDARD",
        "timeCreated": now,
        "updated": now,
        "etag": "CAE=",
        "iamConfiguration": {
            "uniformBucketLevelAccess": {"enabled": False},
            "publicAccessPrevention": "inherited",
        },
        "softDeletePolicy": {"retentionDurationSeconds": "604800", "effectiveTime": now},
    }
    resource.update({key: value for key, value in given.items() if value is not None})
    resource["location"] = resource["location"].upper()
    return resource


def object_json(bucket: Bucket, found: StoredObject, base: str) -> dict[str, Any]:
    generation = str(found.generation)
    path = f"b/{bucket.name}/o/{quote(found.name, safe='')}"
    created = time_text(found.created)
    resource = {
        "kind": "storage#object",
        "id": f"{bucket.name}/{found.name}/{generation}",
        "name": found.name,
        "bucket": bucket.name,
        "generation": generation,
        "storageClass": bucket.properties["storageClass"],
        "size": str(found.size),
        "crc32c": found.crc32c,
        "etag": etag(found),
        "selfLink": f"{base}/storage/v1/{path}",
        "mediaLink": f"{base}/download/storage/v1/{path}?generation={generation}&alt=media",
        "timeCreated": created,
        "updated": created,
        "timeStorageClassUpdated": created,
        "timeFinalized": created,
        **found.properties,
    }
    resource["metageneration"] = str(found.properties["metageneration"])
    if "componentCount" not in found.properties:
        resource["md5Hash"] = found.md5
    return resource


def etag(found: StoredObject) -> str:
    return base64.b64encode(str(found.generation).encode()).decode()


def media_headers(found: StoredObject) -> list[tuple[str, Any]]:
    hashes = f"crc32c={found.crc32c}"
    if "componentCount" not in found.properties:
        hashes += f",md5={found.md5}"
    return [
        ("Content-Type", found.properties["contentType"]),
        ("ETag", etag(found)),
        ("X-Goog-Generation", found.generation),
        ("X-Goog-Stored-Content-Length", found.size),
        ("X-Goog-Stored-Content-Encoding", found.properties.get("contentEncoding", "identity")),
        ("X-Goog-Hash", hashes),
    ]


def only_fields(resource: dict[str, Any], wanted: str) -> dict[str, Any]:
    """The `fields` parameter, as far as the clients use it: a,b,items/x,items(x,y)."""

    def spread(match: re.Match[str]) -> str:
        return ",".join(f"{match[1]}/{inner}" for inner in match[2].split(","))

    outer, inner = set(), set()
    for field in re.sub(r"(\w+)\(([^()]*)\)", spread, wanted).split(","):
        head, _, tail = field.partition("/")
        outer.add(head)
        if head == "items" and tail:
            inner.add(tail.split("/")[0])
    if "*" in outer:
        return resource
    answer = {key: value for key, value in resource.items() if key in outer}
    if inner and "items" in answer:
        answer["items"] = [
            {key: value for key, value in item.items() if key in inner} for item in answer["items"]
        ]
    return answer
