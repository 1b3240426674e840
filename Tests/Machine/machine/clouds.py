"""What sets the clouds' machines apart: image, firmware, metadata server, names of the buckets."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from machine.metadata.amazon import INSTANCE, AmazonMetadata
from machine.metadata.azure import AzureMetadata
from machine.metadata.google import GoogleMetadata
from machine.metadata.http import Personality

# EC2's serial and uuid must be equal and start with ec2, else cloud-init stays off without a word.
EC2_UUID = "ec2aabbc-1111-2222-3333-444455556666"
GOOGLE = {
    "sys_vendor": "Google",
    "product_name": "Google Compute Engine",
    "product_serial": "GoogleCloud-0123456789ABCDEF",
    "bios_vendor": "Google",
}
AMAZON = {
    "sys_vendor": "Amazon EC2",
    "product_name": "m5.large",
    "product_serial": EC2_UUID,
    "product_uuid": EC2_UUID,
    "bios_vendor": "Amazon EC2",
}


@dataclass(frozen=True)
class Cloud:
    """One kind of cloud's machine."""

    name: str
    image: str
    firmware: dict[str, str]
    hosts: tuple[str, ...]
    tools: tuple[str, ...] = ()
    """The clouds' own commands that its images bring."""
    data_source: str | None = None
    notice_seconds: float = 0
    """Between the notice and the power button."""
    presses_power: bool = True
    """Whether a machine that is taken away gets the power button at all."""
    cut_seconds: float = 30
    """Between the power button, or the notice without one, and the end of the power."""


# Azure's own data source wants a disc and a server of its host's; the seed stands in for both.
AZURE = {"sys_vendor": "Microsoft Corporation", "product_name": "Virtual Machine"}
AZURE_HOSTS = ("*.blob.core.windows.net", "management.azure.com")
GOOGLE_HOSTS = ("storage.googleapis.com", "www.googleapis.com")
CLOUDS = {
    cloud.name: cloud
    for cloud in [
        Cloud("gce", "cloud-init", GOOGLE, GOOGLE_HOSTS, ("gsutil",), "GCE"),
        Cloud("gce-with-rclone", "with-rclone", GOOGLE, GOOGLE_HOSTS, ("gsutil",), "GCE"),
        Cloud("gce-guest-agent", "guest-agent", GOOGLE, GOOGLE_HOSTS, ("gsutil",)),
        Cloud(
            "ec2", "cloud-init", AMAZON,
            (
                "*.s3.us-east-1.amazonaws.com", "*.s3.eu-west-1.amazonaws.com",
                "*.s3.amazonaws.com", "*.amazonaws.com",
            ),
            ("aws",), "Ec2", notice_seconds=120,
        ),
        # Azure/karpenter-provider-azure #1594: an evicted guest gets no SIGTERM.
        Cloud(
            "azure", "with-rclone", AZURE, AZURE_HOSTS, data_source="NoCloud", presses_power=False
        ),
    ]
}  # fmt: skip


@dataclass
class Given:
    """What the cloud was told when the machine was made, and who the machine is to the buckets."""

    metadata: dict[str, Any]
    name: str = "machine"
    token: str = "metadata-token"
    region: str = "us-east-1"
    role: str = "run"
    identity: str = "/subscriptions/s/identity"
    login: dict[str, str] = field(
        default_factory=lambda: {
            "AccessKeyId": "testing",
            "SecretAccessKey": "testing",
            "Token": "session-token",
        }
    )


def user_data(metadata: dict[str, Any]) -> bytes:
    """EC2's, as text or packed as Terraform's user_data_base64; or Azure's custom data."""
    if packed := metadata.get("user_data_base64") or metadata.get("custom_data"):
        return base64.b64decode(packed)
    return (metadata.get("user-data") or metadata.get("user_data") or "").encode()


def metadata_server(cloud: Cloud, given: Given) -> Personality:
    """The cloud's metadata server for this machine."""
    if cloud.firmware is GOOGLE:
        attributes = {key: str(value) for key, value in given.metadata.items()}
        return GoogleMetadata(attributes, given.name, given.token)
    if cloud.firmware is AZURE:
        return AzureMetadata(given.identity, given.token)
    data = user_data(given.metadata)
    return AmazonMetadata(data, given.region, given.role, given.login)


def smbios(cloud: Cloud) -> list[str]:
    """qemu's arguments for the firmware's tables."""
    names = {
        "sys_vendor": "manufacturer", "product_name": "product",
        "product_serial": "serial", "product_uuid": "uuid",
    }  # fmt: skip
    system = ",".join(f"{names[k]}={v}" for k, v in cloud.firmware.items() if k in names)
    vendor = cloud.firmware.get("bios_vendor", "")
    return ["-smbios", f"type=1,{system}", "-smbios", f"type=0,vendor={vendor}"]


__all__ = ["CLOUDS", "INSTANCE", "Cloud", "Given", "metadata_server", "smbios"]
