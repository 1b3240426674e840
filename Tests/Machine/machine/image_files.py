"""What a cloud's image has that Debian's packages do not bring, as files over the image."""

from __future__ import annotations

import os
import shutil

from machine.clouds import Cloud
from machine.network import CLOUD
from machine.tools import command

BUNDLE = "etc/ssl/certs/ca-certificates.crt"

# Google's images have the first section; the second one is for our authority.
BOTO = f"""[GoogleCompute]
service_account = default
[Boto]
ca_certificates_file = /{BUNDLE}
[GSUtil]
default_project_id = test-project
software_update_check_period = 0
"""

# gcloud and its gsutil, requests, boto3: each has its own idea of where authorities stand.
ENVIRONMENT = f"""[Manager]
DefaultEnvironment=CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE=/{BUNDLE} REQUESTS_CA_BUNDLE=/{BUNDLE} \
AWS_CA_BUNDLE=/{BUNDLE} CLOUDSDK_CORE_DISABLE_PROMPTS=1
"""

# Google's images name disks by what they are called in the cloud (google-guest-configs).
DISK_NAMES = 'KERNEL=="vd*", ENV{ID_SERIAL}=="?*", SYMLINK+="disk/by-id/google-$env{ID_SERIAL}"\n'

# RSA keys take seconds in a container and a minute in the virtual machine; and Debian's cloud
# images have more locales than ours.
CLOUD_CONFIG = "ssh_genkeytypes: [ed25519]\nlocale: C.UTF-8\n"

# cloud-init 22 asks for a second lease at each boot and takes the answer of a kernel newer than its
# own ("Address already assigned") for a failure. A container has this host's kernel.
ONE_LEASE = "updates: {network: {when: [boot-new-instance]}}\n"

# A container sees no firmware, so cloud-init reads the cloud's values from a file.
FIRMWARE_READER = '''"""Stands in for cloud-init's own, which reads /sys/class/dmi/id."""

NAMES = {
    "bios-vendor": "bios_vendor",
    "system-manufacturer": "sys_vendor",
    "system-product-name": "product_name",
    "system-serial-number": "product_serial",
    "system-uuid": "product_uuid",
}


def read_dmi_data(key):
    """The value of a dmidecode key; None where the cloud gives none."""
    with open("/etc/firmware") as file:
        values = dict(line.rstrip("\\n").split("=", 1) for line in file)
    return values.get(NAMES.get(key))
'''


def write(folder: str, path: str, text: str | bytes, mode: int = 0o644) -> None:
    """One file below the folder."""
    target = os.path.join(folder, path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "wb") as file:
        file.write(text.encode() if isinstance(text, str) else text)
    os.chmod(target, mode)


def link(folder: str, path: str, target: str) -> None:
    """One symbolic link below the folder."""
    place = os.path.join(folder, path)
    os.makedirs(os.path.dirname(place), exist_ok=True)
    os.symlink(target, place)


def write_image_files(layer: str, rootfs: str, cloud: Cloud, authority: str) -> None:
    """Trust in the front's certificates, and the clients' settings."""
    bundle = os.path.join(layer, BUNDLE)
    os.makedirs(os.path.dirname(bundle), exist_ok=True)
    shutil.copy(os.path.join(rootfs, BUNDLE), bundle)
    with open(authority, encoding="ascii") as added, open(bundle, "a", encoding="ascii") as file:
        file.write(added.read())
    write(layer, "etc/systemd/system.conf.d/authority.conf", ENVIRONMENT)
    if cloud.data_source is None:
        write(layer, "etc/resolv.conf", f"nameserver {CLOUD}\n")
    else:
        write(layer, "etc/cloud/cloud.cfg.d/91_image.cfg", CLOUD_CONFIG)
    if cloud.name.startswith("gce"):
        write(layer, "etc/boto.cfg", BOTO)
        write(layer, "etc/udev/rules.d/65-disk-names.rules", DISK_NAMES)


def write_tools(layer: str, names: tuple[str, ...]) -> None:
    """The clouds' own commands, on the path."""
    for name in names:
        write(layer, f"usr/local/bin/{name}", command(name), 0o755)


def write_seed(layer: str, name: str, user_data: bytes) -> None:
    """What cloud-init's NoCloud data source finds on the disk itself."""
    seed = "var/lib/cloud/seed/nocloud"
    write(layer, f"{seed}/meta-data", f"instance-id: {name}\nlocal-hostname: {name}\n")
    write(layer, f"{seed}/user-data", user_data)


def write_container_files(layer: str, cloud: Cloud) -> None:
    """What makes cloud-init find its data source without firmware."""
    write(layer, "etc/fstab", "")
    if cloud.data_source is None:
        return
    write(layer, "etc/cloud/cloud.cfg.d/92_lease.cfg", ONE_LEASE)
    firmware = "".join(f"{key}={value}\n" for key, value in cloud.firmware.items())
    write(layer, "etc/firmware", firmware)
    write(layer, "usr/lib/python3/dist-packages/cloudinit/dmi.py", FIRMWARE_READER)
    write(layer, "etc/cloud/ds-identify.cfg", f"datasource: {cloud.data_source}\n")
