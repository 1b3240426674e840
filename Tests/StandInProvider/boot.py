"""Boots the machine of a stand-in cloud here: `python3 boot.py gcp|aws|azure DIR [--wait SECONDS]`.

It knows what a rented machine knows, and no more: the user data that Terraform sent. Out of it come
the job and the settings; the agent comes out of the bucket, and must have the SHA-256 that the
settings say. Then this process becomes the agent, below DIR in place of the machine's own
directories. Its pid is in DIR/agent.pid; what the job wants done for a power-off is noted in
DIR/powered-off.

How a machine with systemd and cloud-init does it is tested in Tests/Machine.
"""

import argparse
import base64
import gzip
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.request

FILE = re.compile(
    r"^ *put (?P<path>\S+) \d+ '(?P<filter>[^']*)' <<'END_OF_TRAIN_FILE'\n"
    r"(?P<text>.*?)\n *END_OF_TRAIN_FILE$",
    re.MULTILINE | re.DOTALL,
)


def amazon():
    """The user data of the one machine in moto; None while there is none."""
    import boto3

    ec2 = boto3.client("ec2", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
    states = [{"Name": "instance-state-name", "Values": ["running"]}]
    tag = [{"Name": "tag:run", "Values": [os.environ["TRAIN_TEST_RUN"]]}]
    found = ec2.describe_instances(Filters=states + tag)["Reservations"]
    if not found:
        return None
    name = found[0]["Instances"][0]["InstanceId"]
    sent = ec2.describe_instance_attribute(InstanceId=name, Attribute="userData")
    return gzip.decompress(base64.b64decode(sent["UserData"]["Value"])).decode()


def toy(kind, read):
    """The user data of the one machine among the toy cloud's files; None while there is none."""
    files = list(pathlib.Path(os.environ["TFSHIM_CLOUD"]).glob(f"{kind}@*.json"))
    return read(json.loads(files[0].read_text())) if files else None


def google():
    """From the machine's metadata."""
    return toy("google_compute_instance", lambda state: state["metadata"]["user-data"])


def azure():
    """From the machine's custom data."""
    kind = "azurerm_linux_virtual_machine"
    return toy(kind, lambda state: base64.b64decode(state["custom_data"]).decode())


CLOUDS = {"gcp": google, "aws": amazon, "azure": azure}


def user_data(cloud, seconds):
    """Waits for the machine, and gives what it was sent."""
    end = time.monotonic() + seconds
    while True:
        text = CLOUDS[cloud]()
        if text is not None:
            return text
        if time.monotonic() > end:
            sys.exit(f"boot.py: no machine lives on {cloud}")
        time.sleep(0.1)


def files_in(text):
    """The files that the user data writes: path and content."""
    found = {}
    for match in FILE.finditer(text):
        content = match["text"].encode()
        decoded = base64.b64decode(content) if match["filter"] == "base64 -d" else content
        found[match["path"]] = decoded
    return found


def fetch(source, file):
    """The agent, with the cloud's own tool."""
    if source.startswith("gs://"):
        subprocess.run(["gsutil", "-q", "cp", source, file], check=True)
    elif source.startswith("s3://"):
        subprocess.run(["aws", "s3", "cp", "--only-show-errors", source, file], check=True)
    else:
        account, path = re.fullmatch(
            r"https://(\w+)\.blob\.core\.windows\.net/(.*)", source
        ).groups()
        address = f"{os.environ['TFSHIM_AZURE_BLOB']}/{account}/{path}"
        request = urllib.request.Request(address, headers={"Authorization": "Bearer machine"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            file.write_bytes(answer.read())


def main():
    """The command line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("cloud", choices=CLOUDS)
    options.add_argument("directory", type=pathlib.Path)
    options.add_argument("--wait", type=float, default=0, help="seconds for the machine to appear")
    chosen = options.parse_args()
    files = files_in(user_data(chosen.cloud, chosen.wait))
    settings = dict(
        line.split("=", 1) for line in files["/etc/train/bootstrap.env"].decode().splitlines()
    )
    root = chosen.directory.resolve()
    root.mkdir(parents=True, exist_ok=True)
    agent = root / "train-agent"
    fetch(settings["AGENT_SOURCE"], agent)
    digest = hashlib.sha256(agent.read_bytes()).hexdigest()
    if digest != settings["AGENT_SHA256"]:
        sys.exit(f"boot.py: {settings['AGENT_SOURCE']} is not the agent that was promised")
    agent.chmod(0o755)
    job = json.loads(files["/etc/train/job.json"])
    job["directories"] = {name: str(root / name) for name in job["directories"]}
    if job.get("power_off"):
        note = root / "power-off"
        note.write_text(f'#!/bin/sh\necho "$@" >> {root}/powered-off\n')
        note.chmod(0o755)
        job["power_off"] = [str(note), *job["power_off"]]
    (root / "job.json").write_text(json.dumps(job))
    (root / "agent.pid").write_text(str(os.getpid()))
    os.chdir(root)
    os.environ["HOME"] = str(root)
    os.execv(agent, [str(agent), "run", "--job", str(root / "job.json")])


if __name__ == "__main__":
    main()
