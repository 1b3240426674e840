"""The cloud's public addresses as the machine sees them, relayed to the emulated buckets.

The machine asks https://storage.googleapis.com as it would anywhere: its name server sends it here,
its image trusts our authority. So nothing in the product knows that it is being tested.
"""

from __future__ import annotations

import contextlib
import fnmatch
import re
import socket
import ssl
import threading
from urllib.parse import urlsplit

from machine import relay
from machine.certificate import Authority
from machine.events import EventLog
from machine.network import CLOUD, Network

FIRST_LINES = 65536


def certificate_names(hosts: list[str]) -> list[str]:
    """What the certificate says: the patterns, and what they stand below."""
    return sorted({*hosts, *(host[2:] for host in hosts if host.startswith("*."))})


class Front:
    """Listens on ports 80 and 443 of the cloud's address."""

    def __init__(
        self, network: Network, log: EventLog, authority: Authority, routes: dict[str, str]
    ) -> None:
        self._log = log
        self._routes = routes
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if routes:
            self._tls.load_cert_chain(*authority.issue(certificate_names(list(routes))))
        self._out = ssl.create_default_context()
        self._out.check_hostname = False
        self._out.verify_mode = ssl.CERT_NONE
        for port in (80, 443):
            listening = network.socket(socket.SOCK_STREAM, CLOUD, port)
            threading.Thread(
                target=self._accept, args=(listening, port == 443), daemon=True
            ).start()

    def _accept(self, listening: socket.socket, tls: bool) -> None:
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=self._serve, args=(connection, tls), daemon=True).start()

    def _serve(self, connection: socket.socket, tls: bool) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(connection.close)
            connection.settimeout(60)
            if tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
                stack.callback(connection.close)
            head = self._head(connection)
            host, line = self._asked(head)
            target = self._target(host)
            self._log.add(f"front {host} {line}" + ("" if target else " (no such host here)"))
            if target is None:
                connection.sendall(b"HTTP/1.1 503 No route\r\nContent-Length: 0\r\n\r\n")
                return
            address = urlsplit(target)
            default = 443 if address.scheme == "https" else 80
            backend = socket.create_connection((address.hostname, address.port or default), 10)
            stack.callback(backend.close)
            if address.scheme == "https":
                backend = self._out.wrap_socket(backend, server_hostname=address.hostname)
                stack.callback(backend.close)
            backend.sendall(head)
            relay.join(connection, backend)

    @staticmethod
    def _head(connection: socket.socket) -> bytes:
        """The first request's header, with what came along."""
        head = b""
        while b"\r\n\r\n" not in head and len(head) < FIRST_LINES:
            more = connection.recv(FIRST_LINES)
            if not more:
                break
            head += more
        return head

    @staticmethod
    def _asked(head: bytes) -> tuple[str, str]:
        """The host and the request line without its query, in which signatures may stand."""
        text = head.split(b"\r\n\r\n")[0].decode("latin-1")
        line = text.split("\r\n")[0].split("?")[0].removesuffix(" HTTP/1.1")
        host = re.search(r"(?im)^host: *([^:\s]+)", text)
        return (host[1].lower() if host else ""), line

    def _target(self, host: str) -> str | None:
        for pattern, url in self._routes.items():
            if fnmatch.fnmatch(host, pattern):
                return url
        return None
