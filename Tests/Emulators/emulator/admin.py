"""The tests' own requests, below /_emu/: prepare, disturb, inspect, without a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .store import Refusal

if TYPE_CHECKING:
    from .handler import Handler

HELP = """GET  /_emu/health
GET  /_emu/requests[?clear=1]          line, status, length, range, received, sent, …
GET  /_emu/objects?bucket=B[&prefix=P] name, size, md5, crc32c, generation
GET  /_emu/object?bucket=B&name=N      the bytes
POST /_emu/object?bucket=B&name=N      the body becomes the object
POST /_emu/objects {"bucket": B, "names": [N, …]}   many empty objects at once
POST /_emu/bucket {"name": B}
POST /_emu/account {"name": A[, "removed": true]}   one more storage account (Azure)
POST /_emu/fail {"match": …}           see faults.py; {} takes all back
POST /_emu/limit {"rate": BYTES_PER_SECOND or 0}
POST /_emu/reach {"bucket": B, "prefix": P}   the caller may read P of B, and write nothing there
POST /_emu/expire [{"expired": false}]   tokens (Google) or keys (Azure) are not valid any more
POST /_emu/reset                       no buckets, no faults, no requests
"""


def answer(handler: Handler, method: str, what: str) -> None:
    store, faults, query = handler.store, handler.faults, handler.query
    if method == "POST":
        if what == "object":
            body = handler.body()
            handler.reply_json(store.put(query["bucket"], query["name"], body).summary())
            return
        value = handler.json_body()
        if what == "bucket":
            handler.create_bucket(value["name"], value)
        elif what == "objects":
            for name in value["names"]:
                store.put(value["bucket"], name, b"")
        elif what == "account":
            handler.service.set_account(value)
        elif what == "fail":
            faults.add(value)
        elif what == "limit":
            faults.bytes_per_second = value.get("rate", 0)
        elif what == "reach":
            handler.service.reach.limit(value["bucket"], value["prefix"])
        elif what == "expire":
            handler.service.expire_tokens(value)
        elif what == "reset":
            store.reset()
            faults.reset()
            handler.service.reach.reset()
        else:
            raise Refusal(404, HELP)
        handler.reply_json({})
    elif what == "health":
        handler.reply_json({name: len(bucket.names) for name, bucket in store.buckets.items()})
    elif what == "requests":
        handler.reply_json(faults.requests(clear="clear" in query))
    elif what == "objects":
        page = store.page(query["bucket"], query.get("prefix", ""), limit=10**9)
        handler.reply_json([found.summary() for found in page.objects])
    elif what == "object":
        handler.send_object(store.find(query["bucket"], query["name"]), [])
    else:
        raise Refusal(404, HELP)
