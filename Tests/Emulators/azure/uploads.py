"""A blob in one request, or in blocks that a list puts together."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from xml.sax.saxutils import unescape

from ..emulator.hashes import Hasher
from ..emulator.store import Refusal
from . import answers

if TYPE_CHECKING:
    from .handler import AzureHandler


def receive(handler: AzureHandler) -> tuple[str, Hasher]:
    """The body in a file of its own, if it has the Content-MD5 that came with it."""
    path = handler.store.new_file()
    hasher = handler.store.write(path, handler.pieces())
    given = handler.headers.get("Content-MD5")
    if given and given != hasher.md5:
        os.unlink(path)
        message = "The MD5 value specified in the request did not match with the one calculated."
        raise Refusal(400, message, "Md5Mismatch")
    return path, hasher


def put_blob(handler: AzureHandler, container: str, name: str) -> None:
    kind = handler.headers.get("x-ms-blob-type")
    if kind != "BlockBlob":
        raise Refusal(501, f"not implemented: blob type {kind}")
    path, hasher = receive(handler)
    given = handler.given_properties()
    if "Content-Type" in handler.headers:
        given["headers"].setdefault("Content-Type", handler.headers["Content-Type"])
    found = handler.store.commit(container, name, path, hasher, given)
    handler.created(found, [("Content-MD5", hasher.md5)])


def put_block(handler: AzureHandler, container: str, name: str) -> None:
    block = handler.query["blockid"]
    try:
        base64.b64decode(block, validate=True)
    except ValueError:
        raise Refusal(400, "The block ID is not base64.", "InvalidQueryParameterValue") from None
    path, hasher = receive(handler)
    handler.store.put_block(container, name, block, path)
    handler.reply(201, [("Content-MD5", hasher.md5), ("x-ms-request-server-encrypted", "true")])


def put_block_list(handler: AzureHandler, container: str, name: str) -> None:
    text = handler.body().decode("utf-8-sig")
    wanted = re.findall(r"<(?:Latest|Uncommitted)>([^<]*)</", text)
    waiting = handler.store.blocks(container, name)
    files = [waiting.get(unescape(block)) for block in wanted]
    if "<Committed>" in text or None in files:
        raise Refusal(400, "The specified block list is invalid.", "InvalidBlockList")
    handler.check_conditions(container, name)
    path = handler.store.new_file()
    hasher = handler.store.write(path, join(files))
    given = handler.given_properties()
    given["headers"].setdefault("Content-MD5", "")  # Azure knows none of its own here
    found = handler.store.commit(container, name, path, hasher, given)
    for file in set(waiting.values()):
        os.unlink(file)
    handler.created(found)


def join(files: list[str]) -> Iterator[bytes]:
    for path in files:
        with open(path, "rb") as file:
            while piece := file.read(1 << 20):
                yield piece


def get_block_list(handler: AzureHandler, container: str, name: str) -> None:
    handler.store.bucket(container)
    entries = ""
    for block, path in handler.store.blocks(container, name).items():
        size = answers.element("Size", os.path.getsize(path))
        entries += f"<Block>{answers.element('Name', block)}{size}</Block>"
    inside = f"<CommittedBlocks/><UncommittedBlocks>{entries}</UncommittedBlocks>"
    handler.reply(200, answers.XML, answers.document(f"<BlockList>{inside}</BlockList>"))
