"""What reaches the machine: the two dresses of the one bootstrap, rendered by Terraform.

Golden files are in golden/; `TRAIN_TEST_GOLDEN=write` writes them anew.
"""

import gzip
import os
import pathlib
import re
import shutil
import subprocess
import sys
import textwrap
import unittest

from .sandbox import Sandbox, snapshot
from .support import (
    CLOUD_INIT,
    JOB,
    PACKAGE,
    TERRAFORM,
    needs_terraform,
    needs_tool,
    temporary_folder,
)
from .support_cloud import Cloud

sys.path.append(str(PACKAGE.parent / "Machine"))

from machine.cache import default_cache  # noqa: E402

IMAGES = pathlib.Path(default_cache())
GOLDEN = PACKAGE / "golden"
MODES = {"/etc/train/job.json": "0o600", "/etc/train/bootstrap.env": "0o600"}


def rendered(cloud):
    """The user-data and the startup script of a cloud's default run."""
    with Cloud(cloud) as here:
        folder = here.run_folder()
        folder.apply()
        found = {f"{cloud}-user-data.yaml": folder.outputs()["user_data"]}
        if cloud == "gcp":
            metadata = here.only("google_compute_instance")["metadata"]
            found["gcp-startup-script.sh"] = metadata["startup-script"]
            assert metadata["user-data"] == folder.outputs()["user_data"]
    return found


def cloud_init(folder=None):
    """What checks the `user-data` in a folder; None where nothing here can.

    Installed on this machine it would want to set that up, so Tests/Machine's image lends its own.
    """
    if shutil.which("cloud-init"):
        return ["cloud-init", "schema", "--config-file", f"{folder}/user-data"]
    images = [path for path in IMAGES.glob("cloud-init-*") if re.fullmatch(r"[\w-]+", path.name)]
    if os.geteuid() != 0 or not images:
        return None
    script = 'mount --bind "$1" "$2/mnt" && exec chroot "$2" cloud-init schema -c /mnt/user-data'
    return ["unshare", "--mount", "sh", "-c", script, "sh", str(folder), str(images[0])]


def unpack(user_data):
    """The script in bootcmd."""
    body = user_data.split("bootcmd:\n- |\n", 1)[1].split("\nruncmd:", 1)[0]
    return textwrap.dedent(body)


def abbreviated(text):
    """The text with <NAME> for each of our own files in it."""
    for path in sorted(CLOUD_INIT.iterdir()):
        if path.suffix == ".tftpl":
            continue
        plain = path.read_text().rstrip("\n")
        for body in (plain, textwrap.indent(plain, "  ", lambda line: True).removeprefix("  ")):
            text = text.replace(body, f"<{path.name}>")
    return text


@needs_terraform
class Rendered(unittest.TestCase):
    """Rendered once for all tests."""

    @classmethod
    def setUpClass(cls):
        cls.texts = {**rendered("gcp"), **rendered("azure")}

    def test_golden(self):
        for name, text in self.texts.items():
            with self.subTest(name):
                if os.environ.get("TRAIN_TEST_GOLDEN") == "write":
                    (GOLDEN / name).write_text(abbreviated(text))
                self.assertEqual(abbreviated(text), (GOLDEN / name).read_text())

    def test_fits_ec2(self):
        text = self.texts["azure-user-data.yaml"]  # the longest
        self.assertLess(len(gzip.compress(text.encode(), 6)), 16384)

    def scripts(self):
        """Each dress as a shell script."""
        yield "gcp", unpack(self.texts["gcp-user-data.yaml"])
        yield "gcp", self.texts["gcp-startup-script.sh"]
        yield "azure", unpack(self.texts["azure-user-data.yaml"])

    def test_what_lands_on_the_machine(self):
        for cloud, script in self.scripts():
            with self.subTest(cloud):
                box = Sandbox()
                box.run_text(script, "sh")
                self.assertEqual(box.path("/etc/train/job.json").read_text(), JOB)
                environment = box.path("/etc/train/bootstrap.env").read_text()
                self.assertIn(f"\nCLOUD={cloud}\n", environment)
                for path, mode in MODES.items():
                    self.assertEqual(oct(box.path(path).stat().st_mode & 0o777), mode)
                unit = box.path("/etc/systemd/system/train-agent.service").read_text()
                source = (CLOUD_INIT / "train-agent.service").read_text()
                self.assertEqual(unit, box.rewrite(source))
                there = box.path("/usr/local/sbin/train-deallocate").exists()
                self.assertEqual(there, cloud == "azure")
                self.assertEqual(box.path("/etc/train").stat().st_mode & 0o777, 0o700)

    def test_timer_is_armed_before_anything_is_started(self):
        for _, script in self.scripts():
            box = Sandbox()
            box.run_text(script, "sh")
            calls = [call for call in box.calls("systemctl") if "start" in call]
            self.assertEqual(
                calls,
                [
                    "systemctl restart --no-block train-poweroff.timer",
                    "systemctl start --no-block train-bootstrap.service",
                ],
            )

    def test_the_second_dress_changes_nothing(self):
        (_, first), (_, second), _ = self.scripts()
        box = Sandbox()
        box.run_text(first, "sh")
        box.calls()
        before = snapshot(box.root)
        box.run_text(second, "sh")
        self.assertNotIn("systemctl daemon-reload", box.calls())
        self.assertEqual(snapshot(box.root), before)

    @needs_tool("shellcheck")
    def test_shellcheck(self):
        folder = temporary_folder()
        for index, (_, script) in enumerate(self.scripts()):
            (folder / f"{index}.sh").write_text("#!/bin/sh\n" + script.removeprefix("#!/bin/sh\n"))
        files = [*folder.glob("*.sh"), *CLOUD_INIT.glob("*.sh")]
        ran = subprocess.run(
            ["shellcheck", *map(str, files)], capture_output=True, text=True, check=False
        )
        self.assertEqual(ran.stdout, "")

    @unittest.skipUnless(cloud_init(), "needs cloud-init, or Tests/Machine's image")
    def test_cloud_init_schema(self):
        for name, text in self.texts.items():
            if name.endswith(".yaml"):
                status, printed = self.schema(text)
                self.assertEqual(status, 0, printed)
                self.assertNotIn("Error", printed)
        status, printed = self.schema("#cloud-config\nruncmd: 7\n")
        self.assertIn("runcmd", printed)
        self.assertEqual(status, 1)

    def schema(self, text):
        """The exit status of `cloud-init schema` for user data, and what it printed."""
        folder = temporary_folder()
        (folder / "user-data").write_text(text)
        ran = subprocess.run(
            cloud_init(folder), capture_output=True, text=True, check=False, timeout=120
        )
        return ran.returncode, ran.stdout + ran.stderr

    @needs_tool("systemd-analyze")
    def test_systemd_takes_the_units(self):
        box = Sandbox()
        for name, target in (
            ("bootstrap.sh", "sbin/train-bootstrap"),
            ("agent-stopped.sh", "sbin/train-agent-stopped"),
            ("deallocate.sh", "sbin/train-deallocate"),
            ("agent-stopped.sh", "bin/train-agent"),
        ):
            box.write(f"/usr/local/{target}", (CLOUD_INIT / name).read_text())
            box.path(f"/usr/local/{target}").chmod(0o755)
        units = sorted(path.name for path in CLOUD_INIT.glob("train-*.[st]*"))
        for name in units:
            box.write(f"/units/{name}", box.rewrite((CLOUD_INIT / name).read_text()))
        drop_in = box.rewrite((CLOUD_INIT / "train-deallocate.conf").read_text())
        box.write("/units/train-poweroff.service.d/deallocate.conf", drop_in)
        timer = "[Timer]\nOnBootSec=\nOnCalendar=2033-01-01 00:00:00 UTC\n"
        box.write("/units/train-poweroff.timer.d/deadline.conf", timer)
        files = [str(box.path(f"/units/{name}")) for name in units]
        ran = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *files],
            env={**os.environ, "SYSTEMD_UNIT_PATH": f"{box.path('/units')}:"},
            capture_output=True,
            text=True,
            check=False,
        )
        ours = [line for line in ran.stderr.splitlines() if "train-" in line]
        self.assertEqual((ran.returncode, ours), (0, []), ran.stderr)


@needs_terraform
class Source(unittest.TestCase):
    """The files themselves."""

    def test_fmt(self):
        ran = subprocess.run(
            ["terraform", "fmt", "-check", "-diff", str(TERRAFORM)],
            env={**os.environ, "TF_CLI_CONFIG_FILE": "/dev/null"},
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual((ran.returncode, ran.stdout), (0, ""))

    def test_names_are_distinct_once_embedded(self):
        names = []
        for folder in (CLOUD_INIT, TERRAFORM):
            names += [path.name for path in folder.iterdir()]
        flat = ["".join(c if c.isalnum() else "_" for c in name) for name in names]
        self.assertEqual(len(flat), len(set(flat)))
