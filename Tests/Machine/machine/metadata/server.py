"""Serves a cloud's metadata at its well-known address inside the machine's network."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from machine.events import EventLog
from machine.metadata.http import Personality, Request
from machine.network import METADATA, Network


class Handler(BaseHTTPRequestHandler):
    """One connection; the class that is bound knows personality and log."""

    protocol_version = "HTTP/1.1"
    personality: Personality
    log: EventLog

    def log_message(self, *_: Any) -> None:
        """Nothing on standard error: the event log has it."""

    def _serve(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, self.rfile.read(size))
        answer = self.personality.answer(request)
        what = self.path if self.command == "GET" else f"{self.path} {request.body[:80]!r}"
        self.log.add(f"metadata {self.command} {what} {answer.status}")
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Content-Type", answer.kind)
        for name, value in answer.headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_PUT = do_POST = _serve


class Server(ThreadingHTTPServer):
    """On a socket of the machine's network."""

    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A machine that goes off in the middle of a request."""


def serve(network: Network, log: EventLog, personality: Personality) -> None:
    """Answers from threads for as long as this process lives."""
    bound = type("BoundHandler", (Handler,), {"personality": personality, "log": log})
    server = Server((METADATA, 80), bound, bind_and_activate=False)
    server.socket.close()
    server.socket = network.socket(socket.SOCK_STREAM, METADATA, 80)
    threading.Thread(target=server.serve_forever, daemon=True).start()
