"""A machine of folders and fake tools: our scripts run in it as they are, but for their paths."""

import pathlib
import re
import subprocess

from .support import CLOUD_INIT, temporary_folder

# Each fake notes its arguments in calls.log, then does what its lines here say.
FAKES = {
    "systemctl": 'if [ "$1" = is-system-running ]; then echo "${STATE:-running}"; fi',
    "systemd-run": "",
    "sleep": "",
    "gsutil": "exit 1",
    "gcloud": "exit 1",
    "aws": "exit 1",
    "sync": "",
    "udevadm": "",
    "rclone": 'echo "rclone v${RCLONE:-1.60.1-DEV}"',
    "mount": "",
    "mkfs.ext4": "",
    "mdadm": '[ "$1" = --create ]',
    "mountpoint": '[ "$2" = "${MOUNTED:-}" ]',
    "findmnt": "echo /dev/root",
    "blkid": 'if [ "$1" = -L ]; then [ -n "${LABELLED:-}" ] && echo "$LABELLED"; exit; fi\n'
    'case " ${USED:-} " in *" $2 "*) exit 0 ;; esac; exit 2',
    "lsblk": 'case "$*" in *MODEL*) printf "%s\\n" "${MODELS:-}" ;; *) echo disk ;; esac',
}


class Sandbox:
    """Paths, fakes and the log of what was called."""

    def __init__(self, fakes=(), server=None):
        self.root = temporary_folder()
        self.bin = self.root / "bin"
        self.bin.mkdir()
        self.log = self.root / "calls.log"
        self.server = server
        for name, body in {**FAKES, **dict(fakes)}.items():
            script = f'#!/bin/sh\necho "{name} $*" >> {self.log}\n{body}\n'
            (self.bin / name).write_text(script)
            (self.bin / name).chmod(0o755)

    def rewrite(self, text):
        """The script with its paths in here, and the metadata servers at ours."""
        text = re.sub(
            r"(?<![\w/])/(etc/(?:train|apt|systemd)|usr/local|run/train|mnt/train|var/lib/train|dev/disk|opt)\b",
            rf"{self.root}/\1",
            text,
        )
        if self.server:
            for address in ("http://169.254.169.254", "http://metadata.google.internal"):
                text = text.replace(address, self.server)
            for address in ("https://management.azure.com", "https://storage.googleapis.com"):
                text = text.replace(address, self.server)
            text = text.replace("https://{host}", self.server)  # of Amazon's bucket
        return text

    def path(self, name):
        """A path in here."""
        return self.root / name.lstrip("/")

    def write(self, name, text):
        """A file in here."""
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).write_text(text)

    def run_text(self, text, shell, *arguments, status=0, **env):
        """Runs a script; what it printed."""
        path = f"{self.bin}:/usr/bin:/bin"
        ran = subprocess.run(
            [shell, self.script(text), *arguments],
            env={"PATH": path, **{key: str(value) for key, value in env.items()}},
            capture_output=True,
            text=True,
            check=False,
        )
        printed = ran.stdout + ran.stderr
        assert ran.returncode == status, f"exit {ran.returncode}: {printed}"
        return printed

    def script(self, text):
        """The rewritten script as a file."""
        file = temporary_folder() / "script"
        file.write_text(self.rewrite(text))
        return str(file)

    def run(self, name, *arguments, status=0, **env):
        """Runs one of cloud-init's scripts."""
        text = (CLOUD_INIT / name).read_text()
        return self.run_text(text, "bash", *arguments, status=status, **env)

    def calls(self, start=""):
        """What was called, with paths as the scripts have them; forgets it."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        lines = [line.replace(str(self.root), "") for line in lines]
        return [line for line in lines if line.startswith(start)]

    def settings(self, **values):
        """Writes /etc/train/bootstrap.env."""
        empty = ("AGENT_SOURCE", "AGENT_SHA256", "REGION", "IDENTITY")
        known = {"CLOUD": "gcp", "DATA_DISK": 0, "FINAL_SYNC_SECONDS": 1800, "MAX_SECONDS": 3600}
        known |= dict.fromkeys(empty, "")
        lines = "".join(f"{key}={value}\n" for key, value in {**known, **values}.items())
        self.write("/etc/train/bootstrap.env", lines)


def snapshot(folder):
    """Every file with its mode, time and content."""
    return {
        str(path.relative_to(folder)): (
            oct(path.stat().st_mode & 0o777),
            path.stat().st_mtime_ns,
            path.read_bytes(),
        )
        for path in sorted(pathlib.Path(folder).rglob("*"))
        if path.is_file()
    }
