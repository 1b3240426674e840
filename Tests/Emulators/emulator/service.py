"""Start and end of an emulator: ports, certificate, port file, and the watch over its parent."""

from __future__ import annotations

import argparse
import json
import os
import ssl
import sys
import tempfile
import threading
import time
from http.server import ThreadingHTTPServer
from typing import Any

from . import certificate
from .faults import Faults
from .handler import Handler
from .reach import Reach
from .store import Store


class Server(ThreadingHTTPServer):
    """One port. TLS shakes hands in the connection's own thread, so a slow client holds up none."""

    daemon_threads = True
    request_queue_size = 512
    tls: ssl.SSLContext | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self.tls:
            request.settimeout(30)
            try:
                request = self.tls.wrap_socket(request, server_side=True)
            except (ssl.SSLError, OSError):
                return
        super().finish_request(request, client_address)
        if self.tls:
            try:
                request.unwrap()
            except (OSError, ValueError):
                pass
            request.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], (OSError, ssl.SSLError)):
            super().handle_error(request, client_address)


def parser(description: str) -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--port", type=int, default=0, help="0 takes a free one")
    options.add_argument("--tls-port", type=int, help="speak TLS too; 0 takes a free one")
    options.add_argument("--cert", help="certificate; without it one is made for this run")
    options.add_argument("--key", help="key of the certificate")
    options.add_argument("--data", help="folder for objects, certificate and client files")
    options.add_argument("--port-file", help="write ports and client environment here as JSON")
    options.add_argument("--parent-pid", type=int, help="end when this process has ended")
    return options


class Service:
    """One running emulator."""

    def __init__(self, options: argparse.Namespace, handler: type[Handler], store: type[Store]):
        self.data = os.path.abspath(options.data or tempfile.mkdtemp(prefix="emulator-"))
        self.store = store(os.path.join(self.data, "objects"))
        self.faults = Faults()
        self.reach = Reach()
        self.certificate: str | None = None
        bound = type("BoundHandler", (handler,), {"service": self})
        self._http = Server(("127.0.0.1", options.port), bound)
        self._servers = [self._http]
        self.https_port: int | None = None
        if options.tls_port is not None:
            self._add_tls(options, bound)

    def _add_tls(self, options: argparse.Namespace, handler: type[Handler]) -> None:
        self.certificate, key = options.cert, options.key
        if not self.certificate:
            self.certificate, key = certificate.make(os.path.join(self.data, "tls"))
        server = Server(("127.0.0.1", options.tls_port), handler)
        server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.tls.load_cert_chain(self.certificate, key)
        self._servers.append(server)
        self.https_port = server.server_port

    @property
    def http_port(self) -> int:
        return self._http.server_port

    def expire_tokens(self, value: dict[str, Any]) -> None:
        """For a cloud that issues tokens."""

    def set_account(self, value: dict[str, Any]) -> None:
        """For a cloud whose buckets lie in accounts."""

    def serve(self, options: argparse.Namespace, environment: dict[str, str], unset: list[str]):
        """Listens, tells where, and stays until the parent ends or the process is killed."""
        for server in self._servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()
        told = {
            "http": self.http_port,
            "https": self.https_port,
            "cert": self.certificate,
            "environment": environment,
            "unset": unset,
        }
        write_port_file(options.port_file, told)
        wait_for_end_of(options.parent_pid)


def write_port_file(path: str | None, told: dict[str, Any]) -> None:
    """The file is there when the ports answer, and never half-written."""
    if path:
        with open(path + ".tmp", "w", encoding="utf-8") as file:
            json.dump(told, file, indent=1)
        os.rename(path + ".tmp", path)
    print("listening", told["http"], told.get("https") or "", flush=True)


def wait_for_end_of(parent: int | None) -> None:
    """Returns when it has ended. Polled: a death signal would follow the parent's thread."""
    is_ours = os.getppid() == parent
    while True:
        time.sleep(0.3)
        if parent is None:
            continue
        if is_ours and os.getppid() != parent:
            return
        try:
            os.kill(parent, 0)
        except ProcessLookupError:
            return
        except PermissionError:
            pass
