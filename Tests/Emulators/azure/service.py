"""The Azure Blob emulator as a program."""

from __future__ import annotations

import base64
import os
from typing import Any

from ..emulator.service import Service, parser
from .gateway import Gateway
from .handler import AzureHandler
from .store import AzureStore

# Shared keys are base64; the emulator looks at the account's name only
KEY = base64.b64encode(b"a key that only the loopback believes in").decode()
# With an "emulator" rclone 1.60 insists on this account, later ones take any
ACCOUNT = "devstoreaccount1"
UNSET = ["AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_AUTH_MODE"]


class AzureService(Service):
    """Storage accounts, one to begin with. Their keys can be declared expired."""

    def __init__(self, options: Any) -> None:
        super().__init__(options, AzureHandler, AzureStore)
        bound = type("BoundHandler", (AzureHandler,), {"service": self})
        self.gateway = Gateway(options.proxy_port, bound, self.data)
        self._servers.append(self.gateway)
        self.account = options.account
        self.accounts = {options.account}
        self.expired = False

    def set_account(self, value: dict[str, Any]) -> None:
        """Makes another account, or removes it with all that it holds."""
        name = value["name"]
        if not value.get("removed"):
            self.accounts.add(name)
            return
        self.accounts.discard(name)
        for container in [one for one in self.store.buckets if one.startswith(f"{name}/")]:
            self.store.delete_bucket(container, even_full=True)

    def expire_tokens(self, value: dict[str, Any]) -> None:
        self.expired = value.get("expired", True)


def environment(folder: str, port: int, gateway: Gateway, account: str) -> dict[str, str]:
    """For rclone (any remote of the type, and one called TRAINAZ), for az and for Terraform."""
    address = f"http://127.0.0.1:{port}/{account}"
    # Only an "emulator" makes rclone 1.60 take the endpoint as it stands, without TLS
    remote = {"ACCOUNT": account, "KEY": KEY, "ENDPOINT": address, "USE_EMULATOR": "true"}
    environment = {
        "AZURE_CONFIG_DIR": os.path.join(folder, "azure"),
        "AZURE_CORE_COLLECT_TELEMETRY": "false",
        "AZURE_STORAGE_CONNECTION_STRING": (
            f"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={KEY};"
            f"BlobEndpoint={address};"
        ),
        "HTTPS_PROXY": f"http://127.0.0.1:{gateway.server_port}",
        "SSL_CERT_FILE": gateway.certificate,
        "NO_PROXY": "127.0.0.1,localhost",
        "RCLONE_CONFIG": "/dev/null",
        "RCLONE_CONFIG_TRAINAZ_TYPE": "azureblob",
    }
    for name, value in remote.items():
        environment[f"RCLONE_AZUREBLOB_{name}"] = value
        environment[f"RCLONE_CONFIG_TRAINAZ_{name}"] = value
    return environment


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--account", default=ACCOUNT)
    options.add_argument("--proxy-port", type=int, default=0, help="of the gateway; 0 takes any")
    chosen = options.parse_args()
    service = AzureService(chosen)
    told = environment(service.data, service.http_port, service.gateway, chosen.account)
    service.serve(chosen, told, UNSET)
