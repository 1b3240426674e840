"""Uploads: in one request (media, multipart), or resumable in several."""

from __future__ import annotations

import json
import re
import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..emulator.hashes import Hasher
from ..emulator.store import Refusal, StoredObject

if TYPE_CHECKING:
    from .handler import GoogleHandler

CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+|\*)|\*)/(\d+|\*)")


@dataclass
class Session:
    """A resumable upload under way. What arrived stays, whatever happens to the connection."""

    bucket: str
    name: str
    metadata: dict[str, Any]
    path: str
    query: dict[str, str]
    hasher: Hasher = field(default_factory=Hasher)
    lock: threading.Lock = field(default_factory=threading.Lock)
    done: StoredObject | None = None


SESSIONS: dict[str, Session] = {}


def answer(handler: GoogleHandler, method: str, bucket: str) -> None:
    if "upload_id" in handler.query:
        resume(handler, method, handler.query["upload_id"])
        return
    handler.store.bucket(bucket)
    kind = handler.query.get("uploadType")
    if kind == "resumable":
        begin(handler, bucket)
    elif kind == "multipart":
        metadata, data = multipart(handler.headers["Content-Type"], handler.body())
        commit(handler, bucket, metadata, [data])
    elif kind == "media":
        commit(handler, bucket, {"contentType": handler.headers["Content-Type"]}, handler.pieces())
    else:
        raise Refusal(400, "bad uploadType")


def commit(handler: GoogleHandler, bucket: str, metadata: dict[str, Any], pieces: Any) -> None:
    store, query = handler.store, handler.query
    path = store.new_file()
    hasher = store.write(path, pieces)
    name = query.get("name") or metadata["name"]
    handler.reply_object(bucket, store.accept(bucket, name, path, hasher, metadata, query))


def boundary(content_type: str) -> bytes:
    """apitools writes it in single quotes."""
    match = re.search(r"boundary=(?:\"([^\"]+)\"|'([^']+)'|([^;\s]+))", content_type)
    if not match:
        raise Refusal(400, "no boundary")
    return b"--" + (match[1] or match[2] or match[3]).encode()


def multipart(content_type: str, raw: bytes) -> tuple[dict[str, Any], bytes]:
    """Metadata and data. Lines end in \\n alone with apitools, so the data may well end in \\r."""
    mark = boundary(content_type)
    line_end = rb"[ \t]*\r?\n"

    def after_headers(start: int) -> int:
        none = re.compile(rb"\r?\n").match(raw, start)
        found = none or re.compile(rb"\r?\n\r?\n").search(raw, start)
        return found.end()

    first = re.compile(re.escape(mark) + line_end).search(raw).end()
    metadata_start = after_headers(first)
    between = re.compile(rb"\r?\n" + re.escape(mark) + line_end).search(raw, metadata_start)
    data_start = after_headers(between.end())
    end = raw.rindex(mark + b"--") - (2 if raw[first - 2 : first] == b"\r\n" else 1)
    metadata = json.loads(raw[metadata_start : between.start()])
    kind = re.search(rb"(?im)^content-type:\s*([^\r\n]+)", raw[between.end() : data_start])
    if kind:
        metadata.setdefault("contentType", kind[1].decode())
    return metadata, raw[data_start : max(end, data_start)]


def begin(handler: GoogleHandler, bucket: str) -> None:
    metadata = handler.json_body()
    name = handler.query.get("name") or metadata["name"]
    metadata.setdefault("contentType", handler.headers.get("X-Upload-Content-Type"))
    handler.store.check(bucket, name, handler.query)
    identity, path = uuid.uuid4().hex, handler.store.new_file()
    with open(path, "wb"):
        pass
    SESSIONS[identity] = Session(bucket, name, metadata, path, handler.query)
    address = f"{handler.base}/upload/storage/v1/b/{bucket}/o"
    location = f"{address}?uploadType=resumable&upload_id={identity}"
    handler.reply(200, [("Location", location), ("X-GUploader-UploadID", identity)])


def resume(handler: GoogleHandler, method: str, identity: str) -> None:
    session = SESSIONS.get(identity)
    if not session:
        raise Refusal(404, "upload session not found")
    if method == "DELETE":
        del SESSIONS[identity]
        handler.reply(499)
        return
    with session.lock:
        if session.done:
            handler.body()
        elif not receive(handler, session):
            not_yet(handler, session, identity)
            return
        else:
            session.done = handler.store.accept(
                session.bucket, session.name, session.path, session.hasher,
                session.metadata, session.query,
            )  # fmt: skip
        handler.reply_object(session.bucket, session.done)


def receive(handler: GoogleHandler, session: Session) -> bool:
    """Appends what the request brings; whether the object is complete then."""
    text, hasher = handler.headers.get("Content-Range", "").strip(), session.hasher
    match = CONTENT_RANGE.fullmatch(text)
    if text and not match:
        raise Refusal(400, f"bad Content-Range {text}")
    if match and match[1] is None:  # only asks how far it got
        handler.body()
        return match[3] != "*" and hasher.size >= int(match[3])
    start = int(match[1]) if match else 0
    if start > hasher.size:
        raise Refusal(503, f"Invalid request. Expected offset {hasher.size}, got {start}.")
    known = hasher.size - start
    with open(session.path, "ab") as file:
        for piece in handler.pieces():
            fresh = piece[known:]
            known = max(0, known - len(piece))
            hasher.update(fresh)
            file.write(fresh)
    return not match or (match[3] != "*" and hasher.size >= int(match[3]))


def not_yet(handler: GoogleHandler, session: Session, identity: str) -> None:
    headers = [("X-GUploader-UploadID", identity)]
    if session.hasher.size:
        headers.append(("Range", f"bytes=0-{session.hasher.size - 1}"))
    if handler.headers.get("X-Guploader-No-308", "").lower() == "yes":  # rclone asks so
        handler.reply(200, [*headers, ("X-Http-Status-Code-Override", "308")])
    else:
        handler.reply(308, headers)
