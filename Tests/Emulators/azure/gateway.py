"""Azure's own addresses for who knows no other: a proxy behind which the emulator answers them.

Terraform's azurerm backend takes no endpoint. It is led here by HTTPS_PROXY, and trusts the
certificate by SSL_CERT_FILE: storage accounts are the emulator's, and everybody may log in.
"""

from __future__ import annotations

import json
import os
import ssl
from typing import TYPE_CHECKING, Any

from ..emulator import certificate
from ..emulator.service import Server

if TYPE_CHECKING:
    from .handler import AzureHandler

LOGIN_HOST = "login.microsoftonline.com"
NAMES = ["DNS:*.blob.core.windows.net", f"DNS:{LOGIN_HOST}"]


class Gateway(Server):
    """Takes CONNECT to any host, and speaks TLS as that host."""

    def __init__(self, port: int, handler: Any, folder: str) -> None:
        super().__init__(("127.0.0.1", port), handler)
        self.certificate, key = certificate.make(os.path.join(folder, "gateway"), NAMES)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.certificate, key)

    def finish_request(self, request: Any, client_address: Any) -> None:
        request.settimeout(30)
        # A byte at a time: what follows the head belongs to TLS
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = request.recv(1)
            if not byte or len(head) > 8192:
                return
            head += byte
        if not head.startswith(b"CONNECT "):
            request.sendall(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
            return
        request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        super().finish_request(request, client_address)


def log_in(handler: AzureHandler) -> None:
    """A token for whoever asks, as Microsoft's OAuth 2.0 end point gives it."""
    handler.body()
    token = {"access_token": "token-for-the-loopback", "token_type": "Bearer", "expires_in": 3600}
    handler.reply(200, [("Content-Type", "application/json")], json.dumps(token).encode())
