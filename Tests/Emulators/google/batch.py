"""Several small requests in one: gcloud storage deletes, looks at and changes objects that way."""

from __future__ import annotations

import json
import re
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from ..emulator.store import Refusal
from . import resources, uploads

if TYPE_CHECKING:
    from .handler import GoogleHandler


def answer(handler: GoogleHandler) -> None:
    mark = uploads.boundary(handler.headers["Content-Type"]).decode()
    name = "batch_" + uuid.uuid4().hex
    text = ""
    for part in handler.body().decode().split(mark)[1:-1]:
        head, _, inner = re.split(r"(\r?\n\r?\n)", part, maxsplit=1)
        identity = re.search(r"(?im)^content-id:\s*<?(.+?)>?\s*$", head)
        try:
            status, value = one(handler, inner.strip())
        except Refusal as refusal:
            status, value = refusal.status, resources.error(refusal)
        body = "" if status == 204 else json.dumps(value)
        text += f"--{name}\r\nContent-Type: application/http\r\n"
        text += f"Content-ID: <response-{identity[1]}>\r\n" if identity else ""
        text += f"\r\nHTTP/1.1 {status} X\r\nContent-Type: application/json\r\n"
        text += f"Content-Length: {len(body)}\r\n\r\n{body}\r\n"
    kind = ("Content-Type", f"multipart/mixed; boundary={name}")
    handler.reply(200, [kind], f"{text}--{name}--\r\n".encode())


def one(handler: GoogleHandler, request: str) -> tuple[int, dict[str, Any]]:
    line, _, rest = request.partition("\n")
    method, address = line.split()[:2]
    parts = urlsplit(address)
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    match = re.search(r"/b/([^/]+)/o/([^/?]+)$", parts.path)
    if not match or method not in ("GET", "DELETE", "PATCH"):
        raise Refusal(501, f"not implemented in a batch: {line}")
    bucket, name = unquote(match[1]), unquote(match[2])
    store = handler.store
    found = store.version(bucket, name, query)
    if method == "DELETE":
        store.delete(bucket, name)
        return 204, {}
    if method == "PATCH":
        store.update(found, json.loads(rest[rest.index("{") :]), merge=True)
    return 200, resources.object_json(store.bucket(bucket), found, handler.base)
