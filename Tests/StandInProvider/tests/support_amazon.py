"""moto's server with aws.tf applied against it, by the real AWS provider."""

import importlib.util
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest
import urllib.request

import mirror

from .support import PACKAGE, RunFolder, missing, temporary_folder

SERVER = os.environ.get("TRAIN_TEST_MOTO") or PACKAGE.parent / "Emulators" / "amazon"


def cannot():
    """Why this cannot be tested here; None if it can."""
    if missing():
        return missing()
    if mirror.find_aws() is None:
        return "the AWS provider 5.x is not installed (TRAIN_TEST_AWS_PROVIDER names its folder)"
    if importlib.util.find_spec("moto") is None:
        return "moto is not installed (requirements.txt)"
    return None if pathlib.Path(SERVER).exists() else f"there is no {SERVER}"


@unittest.skipIf(cannot(), cannot() or "")
class AmazonCase(unittest.TestCase):
    """One moto, one run: the tests look at what one apply has made."""

    # What a class of tests sets on top of support.COMMON.
    variables = {}

    @classmethod
    def setUpClass(cls):
        port_file = temporary_folder() / "port"
        command = [sys.executable, str(SERVER), "--port", "0", "--port-file", str(port_file)]
        cls.server = subprocess.Popen(command, stdout=-3, stderr=-3, start_new_session=True)
        cls.addClassCleanup(cls.server.wait)
        cls.addClassCleanup(os.killpg, cls.server.pid, signal.SIGKILL)
        for _ in range(300):
            if port_file.exists():
                break
            time.sleep(0.1)
        cls.url = f"http://127.0.0.1:{json.loads(port_file.read_text())['http']}"
        env = mirror.lay_out(temporary_folder()) | {
            "AWS_ENDPOINT_URL": cls.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_CA_BUNDLE": None,
        }
        cls.run_folder = RunFolder("aws", env, secrets=True, **cls.variables)
        cls.run_folder.run("init")
        cls.before_apply()
        cls.run_folder.run("apply", "-auto-approve")
        cls.outputs = cls.run_folder.outputs()

    @classmethod
    def before_apply(cls):
        """What happens before the apply that all tests look at."""

    @classmethod
    def fail(cls, **fault):
        """Makes the next request that fits fail: see Tests/Emulators/emulator/faults.py."""
        request = urllib.request.Request(cls.url + "/_emu/fail", json.dumps(fault).encode())
        urllib.request.urlopen(request, timeout=60).close()

    @classmethod
    def client(cls, service, region="us-east-1"):
        """A boto3 client for moto."""
        import boto3

        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        return boto3.client(service, region_name=region, endpoint_url=cls.url, **keys)

    def machine(self):
        """The machine as EC2 describes it."""
        found = self.client("ec2").describe_instances(InstanceIds=[self.outputs["instance_id"]])
        return found["Reservations"][0]["Instances"][0]

    def attribute(self, name):
        """One attribute of the machine."""
        found = self.client("ec2").describe_instance_attribute(
            InstanceId=self.outputs["instance_id"], Attribute=name
        )
        return found[name[0].upper() + name[1:]]["Value"]
