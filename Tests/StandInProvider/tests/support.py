"""A run folder as the launcher writes it, and Terraform on it."""

import atexit
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

PACKAGE = pathlib.Path(__file__).resolve().parent.parent
ROOT = PACKAGE.parent.parent
TERRAFORM = ROOT / "Sources" / "Launcher" / "Clouds" / "Terraform"
CLOUD_INIT = ROOT / "cloud-init"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGU run"

COMMON = {
    "run_slug": "train-demo-beer",
    "code_name": "Classifier",
    "dataset_name": "beer",
    "dataset_bucket": "training-dataset-beer",
    "ssh_cidr": "198.51.100.7/32",
    "ssh_public_key": KEY,
}
CLOUDS = {
    "gcp": {"project": "acme", "zone": "us-central1-a", "machine_type": "g2-standard-8"},
    "aws": {"zone": "us-east-1a", "machine_type": "g4dn.xlarge", "image": "ami-1e749f67"},
    "azure": {
        "project": "11111111-1111-1111-1111-111111111111",
        "zone": "eastus-1",
        "machine_type": "Standard_NC4as_T4_v3",
        "storage_account_name": "traindemobeer",
        "dataset_bucket": "datasets/beer",
    },
}


def missing():
    """Why Terraform cannot run here; None if it can."""
    if shutil.which("terraform") is None:
        return "terraform is not installed"
    try:
        import cryptography  # noqa: F401
        import tf  # noqa: F401
    except ImportError as error:
        return f"{error} (requirements.txt)"
    return None


needs_terraform = unittest.skipIf(missing(), missing() or "")


def needs_tool(name):
    """Skips where a command is not installed."""
    return unittest.skipUnless(shutil.which(name), f"{name} is not installed")


def temporary_folder():
    """A folder that is gone when the tests are."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="train-terraform-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


# A job whose texts are a user's: shell, HCL, cloud-init's YAML and its Jinja must read none of it.
JOB = json.dumps(
    {
        "version": 1,
        "code_name": "classifier $(reboot)'`",
        "arguments": [
            '${file("/etc/passwd")}',
            "%{ for x in y }${x}%{ endfor }",
            "## template: jinja\n{{ ds }}",
            "line\nruncmd:\n- [reboot]\n",
            "EOF\nreboot\nEOF\n",
            "'; reboot; '",
            '\\"$HOME\t\u00e9\U0001f642',
        ],
    }
)


# The same for all clouds.
SHARED = ("variables", "settings", "outputs")


def own_files(cloud):
    """The Terraform files of one cloud."""
    return sorted(TERRAFORM.glob(f"{cloud}*.tf"))


class RunFolder:
    """What the launcher writes for one run, with `terraform` on it."""

    def __init__(self, cloud, env, path=None, secrets=False, **variables):
        self.path = path or temporary_folder()
        self.env = {key: value for key, value in {**os.environ, **env}.items() if value is not None}
        self.env |= {"CHECKPOINT_DISABLE": "1", "TF_INPUT": "0", "TF_IN_AUTOMATION": "1"}
        for file in own_files(cloud) + [TERRAFORM / f"{name}.tf" for name in SHARED]:
            shutil.copy(file, self.path)
        shutil.copytree(CLOUD_INIT, self.path / "cloud-init", dirs_exist_ok=True)
        self.write("job.json", JOB)
        self.write("code.tar.gz", "not really a tar")
        self.write("train-agent", "#!/bin/sh\necho agent\n")
        if secrets:
            self.write("secrets.json", '{"WANDB_API_KEY": "geheim"}')
        self.variables = {**COMMON, **CLOUDS[cloud], **variables}
        self.set()

    def write(self, name, text):
        """One file of the run folder."""
        (self.path / name).write_text(text)

    def set(self, **variables):
        """Changes variables."""
        self.variables |= variables
        self.write("terraform.tfvars.json", json.dumps(self.variables))

    def run(self, *arguments, status=0):
        """Runs terraform and gives what it printed."""
        ran = subprocess.run(
            ["terraform", f"-chdir={self.path}", *arguments, "-no-color"],
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode != status:
            tail = (ran.stdout + ran.stderr)[-3000:]
            raise AssertionError(f"terraform {arguments}: exit {ran.returncode}\n{tail}")
        return ran.stdout if status == 0 else ran.stdout + ran.stderr

    def apply(self, **variables):
        """Init and apply."""
        self.set(**variables)
        self.run("init")
        return self.run("apply", "-auto-approve")

    def refuse(self, *arguments, **variables):
        """What Terraform says about variables that it must not take, in one line."""
        self.set(**variables)
        self.run("init")
        text = self.run(*(arguments or ("plan",)), status=1)
        return " ".join(text.replace("│", " ").split())

    def plan(self):
        """What an apply would do, as Terraform tells it to programs."""
        self.run("plan", "-out=planned")
        return json.loads(self.run("show", "-json", "planned"))

    def outputs(self):
        """The values of all outputs."""
        return {k: v["value"] for k, v in json.loads(self.run("output", "-json")).items()}
