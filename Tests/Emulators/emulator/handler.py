"""HTTP as every emulator speaks it: bodies in and out, braked and cut on request."""

from __future__ import annotations

import json
import re
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from . import admin
from .faults import Fault, Faults
from .store import Refusal, Store, StoredObject

if TYPE_CHECKING:
    from .service import Service

Headers = Iterable["tuple[str, Any]"]


class Handler(BaseHTTPRequestHandler):
    """One connection. A cloud gives `route`, `refuse` and `create_bucket`."""

    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    timeout = 300
    service: Service

    # What a cloud has to give

    def route(self, method: str, path: str) -> None:
        raise NotImplementedError

    def refuse(self, refusal: Refusal) -> None:
        raise NotImplementedError

    def create_bucket(self, name: str, properties: dict[str, Any]) -> None:
        raise NotImplementedError

    # One request

    @property
    def store(self) -> Store:
        return self.service.store

    @property
    def faults(self) -> Faults:
        return self.service.faults

    def answer_any(self) -> None:
        parts = urlsplit(self.path)
        fields = parse_qs(parts.query, keep_blank_values=True)
        self.query = {name: values[-1] for name, values in fields.items()}
        self.unread = int(self.headers.get("Content-Length") or 0)
        self.fault: Fault = {}
        self.until_cut: int | None = None
        self.request_record: dict[str, Any] = {}
        scheme = "https" if isinstance(self.connection, ssl.SSLSocket) else "http"
        self.base = f"{scheme}://{self.headers.get('Host', 'localhost')}"
        method = self.headers.get("X-HTTP-Method-Override", self.command)
        try:
            if parts.path.startswith("/_emu/"):
                admin.answer(self, method, parts.path[len("/_emu/") :])
            else:
                self.record(f"{method} {self.path}")
                self.misbehave(f"{method} {self.path}")
                self.route(method, parts.path)
        except Refusal as refusal:
            self.refuse(refusal)
        except (ConnectionError, ssl.SSLError, TimeoutError):
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = answer_any

    def record(self, line: str) -> None:
        self.request_record = {
            "time": time.time(),
            "line": line,
            "status": None,
            "length": self.unread,
            "range": self.headers.get("Range") or self.headers.get("x-ms-range"),
            "content_range": self.headers.get("Content-Range"),
            "authorization": self.headers.get("Authorization", "")[:30],
            "user_agent": self.headers.get("User-Agent", "")[:60],
            "received": 0,
            "sent": 0,
        }
        self.faults.record(self.request_record)

    def misbehave(self, line: str) -> None:
        self.fault = self.faults.next_for(line)
        if not self.fault:
            return
        time.sleep(self.fault.get("delay", 0))
        self.until_cut = self.fault.get("after")
        if self.fault.get("drop"):
            self.cut()
        if self.fault.get("status"):
            message = self.fault.get("message", "injected failure")
            raise Refusal(self.fault["status"], message, self.fault.get("code", ""))

    def cut(self) -> None:
        """Ends the connection in the middle, as a lost network does."""
        if isinstance(self.connection, ssl.SSLSocket):
            self.connection.close()
        else:
            self.connection.shutdown(socket.SHUT_RDWR)
        raise ConnectionError("cut as a fault asked")

    def passed(self, size: int, direction: str) -> None:
        """After every piece of a body."""
        if self.request_record:
            self.request_record[direction] += size
        if self.until_cut is not None:
            self.until_cut -= size
            if self.until_cut <= 0:
                self.cut()
        self.faults.brake(size)

    # The body of the request

    def pieces(self) -> Iterator[bytes]:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                while size:
                    piece = self.rfile.read(min(size, self.faults.piece()))
                    if not piece:
                        raise ConnectionError("the client went away")
                    size -= len(piece)
                    self.passed(len(piece), "received")
                    yield piece
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return
        while self.unread:
            piece = self.rfile.read(min(self.unread, self.faults.piece()))
            if not piece:
                raise ConnectionError("the client went away")
            self.unread -= len(piece)
            self.passed(len(piece), "received")
            yield piece

    def body(self) -> bytes:
        return b"".join(self.pieces())

    def json_body(self) -> dict[str, Any]:
        body = self.body()
        return json.loads(body) if body.strip() else {}

    # The answer

    def start(self, status: int, headers: Headers) -> None:
        if self.request_record:
            self.request_record["status"] = status
        if self.unread:  # the rest of the request would be read as the next one
            self.close_connection = True
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, str(value))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def reply(self, status: int = 200, headers: Headers = (), body: bytes = b"") -> None:
        length = [] if status in (204, 304) else [("Content-Length", len(body))]
        self.start(status, [*headers, *length])
        if self.command != "HEAD":
            self.wfile.write(body)

    def reply_json(self, value: Any, status: int = 200, headers: Headers = ()) -> None:
        kind = ("Content-Type", "application/json; charset=UTF-8")
        self.reply(status, [kind, *headers], json.dumps(value).encode())

    def asked_range(self, size: int) -> tuple[int, int] | None:
        """First and last byte that the request wants; None for all."""
        text = self.headers.get("x-ms-range") or self.headers.get("Range") or ""
        match = re.fullmatch(r"bytes=(\d*)-(\d*)", text.strip())
        if not match or not (match[1] or match[2]):
            return None
        first = int(match[1]) if match[1] else max(size - int(match[2]), 0)
        last = min(int(match[2]), size - 1) if match[1] and match[2] else size - 1
        if first > last:
            raise Refusal(416, "The range specified is not satisfiable.", "InvalidRange")
        return first, last

    def send_object(self, found: StoredObject, headers: Headers) -> None:
        """The object's bytes, or the range of them that was asked for."""
        with self.store.open(found) as file:
            part = self.asked_range(found.size)
            first, last = part or (0, found.size - 1)
            headers = [*headers, ("Content-Length", last - first + 1), ("Accept-Ranges", "bytes")]
            if part:
                headers.append(("Content-Range", f"bytes {first}-{last}/{found.size}"))
            self.start(206 if part else 200, headers)
            if self.command == "HEAD":
                return
            file.seek(first)
            left, spoil = last - first + 1, bool(self.fault.get("corrupt"))
            while left:
                piece = file.read(min(left, self.faults.piece(), self.until_cut or left))
                left -= len(piece)
                if spoil:
                    piece, spoil = bytes([piece[0] ^ 1]) + piece[1:], False
                self.wfile.write(piece)
                self.wfile.flush()
                self.passed(len(piece), "sent")

    def log_message(self, *_: Any) -> None:
        """Silent: what was asked is at /_emu/requests."""
