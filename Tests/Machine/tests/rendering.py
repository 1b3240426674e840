"""The bootstrap as Terraform renders it, from its variables, settings and templates alone."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

# Azure's, of the storage.
ACCOUNT = "trainmachine"
ROOT = pathlib.Path(__file__).resolve().parents[3]

# Stands where gcp.tf or aws.tf stands; what local.machine says wins over variables.tf, so that
# the hours of the power-off timer can be seconds here.
CLOUD = """
variable "machine" { type = map(string) }
locals {
  machine = var.machine
  outputs = {}
}
output "user_data" { value = local.user_data }
output "startup_script" {
  value = templatefile("cloud-init/startup-script.sh.tftpl", { unpack = local.unpack })
}
"""


def render(cloud: str, agent: bytes, job: dict[str, object], **machine: object) -> dict[str, str]:
    """Metadata as the cloud gets it: user-data and startup-script."""
    source = {
        "gcp": "gs://run-code/train-agent",
        "aws": "s3://run-code/train-agent",
        "azure": f"https://{ACCOUNT}.blob.core.windows.net/run-code/train-agent",
    }[cloud]
    settings = {"CLOUD": cloud, "AGENT_SOURCE": source, "REGION": "us-east-1", **machine}
    given = {
        "run_slug": "run", "code_name": "code", "dataset_name": "data", "zone": "us-east-1a",
        "machine_type": "any", "ssh_cidr": "198.51.100.7/32",
        "machine": {key: str(value) for key, value in settings.items()},
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="machine-render-") as folder:
        path = pathlib.Path(folder)
        for name in ("variables.tf", "settings.tf"):
            shutil.copy(ROOT / "Sources/Launcher/Clouds/Terraform" / name, path)
        shutil.copytree(ROOT / "cloud-init", path / "cloud-init")
        (path / "cloud.tf").write_text(CLOUD)
        (path / "train-agent").write_bytes(agent)
        (path / "job.json").write_text(json.dumps(job))
        (path / "terraform.tfvars.json").write_text(json.dumps(given))
        terraform(path, "init")
        terraform(path, "apply", "-auto-approve")
        told = json.loads(terraform(path, "output", "-json"))
    return {
        "user-data": told["user_data"]["value"],
        "startup-script": told["startup_script"]["value"],
    }


def terraform(path: pathlib.Path, *arguments: str) -> str:
    """One call in a folder; what it printed."""
    done = subprocess.run(
        ["terraform", f"-chdir={path}", *arguments, "-no-color"],
        env={
            **os.environ,
            "CHECKPOINT_DISABLE": "1",
            "TF_INPUT": "0",
            "TF_CLI_CONFIG_FILE": "/dev/null",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"terraform {arguments}: {done.stdout}{done.stderr}"[-3000:])
    return done.stdout
