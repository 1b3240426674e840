"""The Google Cloud Storage emulator as a program."""

from __future__ import annotations

import argparse
import os
from typing import Any

from ..emulator.service import Service, parser
from . import client_environment
from .access import Access
from .handler import GoogleHandler
from .store import GoogleStore


class GoogleService(Service):
    """Serves the JSON API and the token endpoint."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options, GoogleHandler, GoogleStore)
        self.access = Access(options.token)
        if options.access == "key":
            os.makedirs(self.data, exist_ok=True)
            self.access.make_key(self.data, f"http://127.0.0.1:{self.http_port}/token")

    def expire_tokens(self, value: dict[str, Any]) -> None:
        self.access.expire()


def main() -> None:
    options = parser(__doc__)
    options.add_argument(
        "--access",
        choices=["anonymous", "key"],
        default="anonymous",
        help="key: only who comes with a token got for the service account in DIR/key.json",
    )
    options.add_argument("--token", help="only who comes with this bearer token")
    chosen = options.parse_args()
    service = GoogleService(chosen)
    told = client_environment.write(service.data, service.http_port, service.https_port,
                                    service.certificate, service.access.key_file)  # fmt: skip
    service.serve(chosen, told, client_environment.UNSET)
