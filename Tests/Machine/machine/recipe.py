"""What the machines' images are made of: packages and the few settings a cloud's image has."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass

BASE = [
    "linux-image-cloud-amd64", "systemd-sysv", "dbus", "udev", "netbase", "iproute2",
    "openssh-server", "curl", "ca-certificates", "rsync", "sudo", "kmod", "e2fsprogs",
    "python3", "python3-numpy",
]  # fmt: skip
# Neither python3-venv nor pip nor rclone: Google's deep-learning images and Ubuntu's plain ones
# lack all three, and a machine here reaches no mirror of packages.
CLOUD_INIT = [
    *BASE, "cloud-init", "cloud-guest-utils", "isc-dhcp-client", "ifupdown", "busybox",
]  # fmt: skip

# cloud-init: what Ubuntu, Amazon's and the newer deep-learning images are.
# with-rclone: the same with rclone, which Azure's bootstrap would install: its one tool.
# guest-agent: what Google's Debian is, without cloud-init: user-data means nothing to it.
PACKAGES = {
    "cloud-init": CLOUD_INIT,
    "with-rclone": [*CLOUD_INIT, "rclone"],
    "guest-agent": [*BASE, "google-guest-agent"],
}

SETTLE = r"""
echo machine > etc/hostname
echo 'LABEL=root / ext4 defaults,noatime 0 1' > etc/fstab
rm -f etc/ssh/ssh_host_* etc/resolv.conf boot/initrd.img* var/log/*.log
: > etc/machine-id
mkdir -p var/log/journal
"""

# Without the data sources named, cloud-init asks clouds that are not there, minutes long.
# Google's scripts are only After= network-online.target: unless something wants it, the network
# goes before the shutdown script, which then hangs until its 90 s are over.
DATA_SOURCES = r"""
echo 'datasource_list: [ NoCloud, GCE, Ec2, None ]' > etc/cloud/cloud.cfg.d/90_sources.cfg
"""
SETTINGS = {
    "cloud-init": DATA_SOURCES,
    "with-rclone": DATA_SOURCES,
    "guest-agent": r"""
mkdir -p etc/systemd/network
cat > etc/systemd/network/10-dhcp.network <<'END'
[Match]
Name=en* eth* host0
[Network]
DHCP=ipv4
LinkLocalAddressing=no
IPv6AcceptRA=no
END
printf '127.0.0.1 localhost\n169.254.169.254 metadata.google.internal\n' > etc/hosts
chroot . systemctl enable systemd-networkd systemd-networkd-wait-online \
    google-guest-agent google-startup-scripts google-shutdown-scripts
ln -s /lib/systemd/system/network-online.target etc/systemd/system/multi-user.target.wants/
""",
}


@dataclass(frozen=True)
class Recipe:
    """One kind of image, and the Debian sources it is made from."""

    kind: str
    suite: str
    sources: tuple[str, ...]

    def command(self, target: str) -> list[str]:
        """mmdebstrap's; runs as root, needs the sources' network."""
        settle = f'cd "$1"\n{SETTINGS[self.kind]}{SETTLE}'
        command = ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase"]
        names = PACKAGES[self.kind]
        versions = versions_offered(tuple(names), self.sources)
        pinned = [f"{name}={versions[name]}" if name in versions else name for name in names]
        command += ["--include=" + ",".join(pinned)]
        command += ['--aptopt=APT::Install-Recommends "false"', '--aptopt=Acquire::Retries "3"']
        for path in ("man", "doc", "locale", "info"):
            command.append(f"--dpkgopt=path-exclude=/usr/share/{path}/*")
        command += ["--dpkgopt=force-unsafe-io", "--dpkgopt=force-confold"]
        # The machines boot without an initrd, and making one takes as long as all the rest.
        command.append(
            '--essential-hook=mkdir -p "$1/etc/initramfs-tools/conf.d"; '
            'echo update_initramfs=no > "$1/etc/initramfs-tools/update-initramfs.conf"'
        )
        command += [f"--customize-hook={settle}", self.suite, target, *self.sources]
        return command

    def digest(self) -> str:
        """Names the image: another recipe, other sources or new versions make another one."""
        texts = []
        for path in self.sources:
            with open(path, encoding="utf-8") as file:
                texts.append(file.read())
        what = json.dumps([self.command("TARGET"), texts])
        return hashlib.sha256(what.encode()).hexdigest()[:16]


@functools.cache
def versions_offered(packages: tuple[str, ...], sources: tuple[str, ...]) -> dict[str, str]:
    """What apt would install of these packages now, by its last update; empty before the first."""
    with tempfile.TemporaryDirectory() as folder:
        for path in sources:
            os.symlink(path, os.path.join(folder, os.path.basename(path)))
        done = subprocess.run(
            [
                "apt-cache", "--option=Dir::Etc::SourceList=/dev/null",
                f"--option=Dir::Etc::SourceParts={folder}", "--option=Dir::Cache::pkgcache=",
                "--option=Dir::Cache::srcpkgcache=", "show", "--no-all-versions", *packages,
            ],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    return dict(re.findall(r"^Package: (\S+)$(?:\n.+)*?\nVersion: (\S+)$", done.stdout, re.M))


def debian_suite() -> str | None:
    """The code name of the Debian that runs here, such as bookworm."""
    try:
        with open("/etc/os-release", encoding="utf-8") as file:
            release = dict(re.findall(r'^(\w+)="?([^"\n]*)', file.read(), re.M))
    except OSError:
        return None
    return release.get("VERSION_CODENAME") if release.get("ID") == "debian" else None


def debian_sources(suite: str) -> tuple[str, ...]:
    """This machine's own files of apt sources that name the suite, and no other vendor's."""
    folder = "/etc/apt/sources.list.d"
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    wanted = re.compile(rf"^(Suites: *|deb .* ){suite}(-updates|-security)?( |$)", re.M)
    found = []
    for path in ["/etc/apt/sources.list", *(os.path.join(folder, name) for name in names)]:
        if path.endswith((".list", ".sources")) and os.path.isfile(path):
            with open(path, encoding="utf-8") as file:
                if wanted.search(file.read()):
                    found.append(path)
    return tuple(found)


def recipe(kind: str) -> Recipe:
    """The recipe of a kind from this machine's sources; ValueError where it has none."""
    suite = debian_suite()
    sources = debian_sources(suite) if suite else ()
    if not suite or not sources:
        raise ValueError("this is not a Debian with apt sources of its own")
    return Recipe(kind, suite, sources)
