"""What Azure answers with: headers of a blob and XML."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from ..emulator.store import Bucket, Page, Refusal, StoredObject

VERSION = "2021-12-02"
XML = [("Content-Type", "application/xml")]
CODES = {
    400: "InvalidInput",
    401: "NoAuthenticationInformation",
    403: "AuthenticationFailed",
    404: "ResourceNotFound",
    409: "Conflict",
    412: "ConditionNotMet",
    416: "InvalidRange",
    429: "TooManyRequests",
    500: "InternalError",
    501: "NotImplemented",
    503: "ServerBusy",
}


def time_text(time: datetime) -> str:
    return format_datetime(time, usegmt=True)


def etag(found: StoredObject) -> str:
    return f'"0x{found.generation:X}"'


def document(text: str) -> bytes:
    return f'<?xml version="1.0" encoding="utf-8"?>{text}'.encode()


def element(name: str, value: object) -> str:
    return f"<{name}>{escape(str(value))}</{name}>"


def code(refusal: Refusal) -> str:
    return refusal.code or CODES.get(refusal.status, "InternalError")


def error(refusal: Refusal) -> bytes:
    inner = element("Code", code(refusal)) + element("Message", refusal.message)
    return document(f"<Error>{inner}</Error>")


def identity_headers(found: StoredObject) -> list[tuple[str, Any]]:
    return [("ETag", etag(found)), ("Last-Modified", time_text(found.updated))]


def blob_headers(found: StoredObject, in_part: bool, leased: bool) -> list[tuple[str, Any]]:
    """For GET and HEAD. The MD5 of the whole has another name when only a part is sent."""
    headers = dict(found.properties["headers"])
    md5 = headers.pop("Content-MD5", None)
    if md5:
        headers["x-ms-blob-content-md5" if in_part else "Content-MD5"] = md5
    metadata = {f"x-ms-meta-{key}": text for key, text in found.properties["metadata"].items()}
    return [
        *identity_headers(found),
        *headers.items(),
        *metadata.items(),
        ("x-ms-blob-type", "BlockBlob"),
        ("x-ms-creation-time", time_text(found.created)),
        ("x-ms-lease-state", "leased" if leased else "available"),
        ("x-ms-lease-status", "locked" if leased else "unlocked"),
        ("x-ms-access-tier", "Hot"),
        ("x-ms-server-encrypted", "true"),
    ]


def blob_xml(found: StoredObject) -> str:
    properties = {
        "Creation-Time": time_text(found.created),
        "Last-Modified": time_text(found.updated),
        "Etag": etag(found).strip('"'),
        "Content-Length": found.size,
        **found.properties["headers"],
        "BlobType": "BlockBlob",
        "AccessTier": "Hot",
        "AccessTierInferred": "true",
        "LeaseStatus": "unlocked",
        "LeaseState": "available",
        "ServerEncrypted": "true",
    }
    inside = "".join(element(name, value) for name, value in properties.items())
    metadata = "".join(element(*pair) for pair in found.properties["metadata"].items())
    name = element("Name", found.name)
    return f"<Blob>{name}<Properties>{inside}</Properties><Metadata>{metadata}</Metadata></Blob>"


def blob_list(bucket: Bucket, page: Page, query: dict[str, str], service: str) -> bytes:
    asked = {"Prefix": "prefix", "Marker": "marker", "MaxResults": "maxresults"}
    text = "".join(element(name, query[key]) for name, key in asked.items() if key in query)
    if "delimiter" in query:
        text += element("Delimiter", query["delimiter"])
    entries = "".join(blob_xml(found) for found in page.objects)
    entries += "".join(
        f"<BlobPrefix>{element('Name', name)}</BlobPrefix>" for name in page.prefixes
    )
    text += f"<Blobs>{entries}</Blobs>" + element("NextMarker", page.marker or "")
    about = f"ServiceEndpoint={quoteattr(service)} ContainerName={quoteattr(bucket.name)}"
    return document(f"<EnumerationResults {about}>{text}</EnumerationResults>")


def container_list(buckets: list[Bucket], service: str) -> bytes:
    entries = ""
    for bucket in buckets:
        properties = "".join(element(*pair) for pair in bucket.properties.items())
        name = element("Name", bucket.name)
        entries += f"<Container>{name}<Properties>{properties}</Properties></Container>"
    inside = f"<Containers>{entries}</Containers><NextMarker/>"
    about = f"ServiceEndpoint={quoteattr(service)}"
    return document(f"<EnumerationResults {about}>{inside}</EnumerationResults>")
