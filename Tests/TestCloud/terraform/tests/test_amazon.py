"""aws.tf with the real AWS provider against moto: one apply, since the provider takes its time."""

import base64
import gzip
import importlib.util
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

import mirror

from .support import PACKAGE, RunFolder, missing, temporary_folder

SERVER = os.environ.get("TRAIN_TEST_MOTO") or PACKAGE.parent / "amazon" / "moto_server.py"


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
class Amazon(unittest.TestCase):
    """One moto, one run: the tests look at what one apply has made."""

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
        cls.run_folder = RunFolder("aws", env, secrets=True)
        cls.run_folder.apply()
        cls.outputs = cls.run_folder.outputs()

    def client(self, service):
        """A boto3 client for moto."""
        import boto3

        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        return boto3.client(service, region_name="us-east-1", endpoint_url=self.url, **keys)

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

    def test_machine(self):
        machine = self.machine()
        self.assertEqual(machine["InstanceType"], "g4dn.xlarge")
        self.assertEqual(machine["Placement"]["AvailabilityZone"], "us-east-1a")
        self.assertEqual(machine["MetadataOptions"]["HttpTokens"], "required")
        self.assertEqual(machine["PublicIpAddress"], self.outputs["public_ip"])
        self.assertEqual(self.attribute("instanceInitiatedShutdownBehavior"), "stop")
        tags = {tag["Key"]: tag["Value"] for tag in machine["Tags"]}
        self.assertEqual(tags["run"], "train-demo-beer")
        self.assertEqual(tags["created-by"], "ai-training-engine")

    def test_user_data(self):
        packed = base64.b64decode(self.attribute("userData"))
        self.assertLess(len(packed), 16384)
        text = gzip.decompress(packed).decode()
        self.assertEqual(text, self.outputs["user_data"])
        self.assertNotIn("geheim", text)

    def test_disks_are_encrypted(self):
        volumes = self.client("ec2").describe_volumes(
            Filters=[{"Name": "attachment.instance-id", "Values": [self.outputs["instance_id"]]}]
        )["Volumes"]
        self.assertEqual([(v["Size"], v["Encrypted"]) for v in volumes], [(200, True)])

    def test_only_ssh_from_the_laptop(self):
        groups = [group["GroupId"] for group in self.machine()["SecurityGroups"]]
        found = self.client("ec2").describe_security_groups(GroupIds=groups)["SecurityGroups"]
        rules = [rule for group in found for rule in group["IpPermissions"]]
        self.assertEqual(len(rules), 1)
        self.assertEqual((rules[0]["FromPort"], rules[0]["ToPort"]), (22, 22))
        self.assertEqual([r["CidrIp"] for r in rules[0]["IpRanges"]], ["198.51.100.7/32"])

    def test_role(self):
        policy = self.client("iam").get_role_policy(
            RoleName="train-demo-beer", PolicyName="buckets"
        )["PolicyDocument"]
        allowed = {one["Sid"]: one["Resource"] for one in policy["Statement"]}
        output = "arn:aws:s3:::train-demo-beer-output"
        code, dataset = "arn:aws:s3:::train-demo-beer-code", "arn:aws:s3:::training-dataset-beer"
        self.assertEqual(allowed["Write"], [output + "/*"])
        self.assertEqual(allowed["Read"], [code + "/*", output + "/*", dataset + "/*"])
        self.assertEqual(set(allowed), {"List", "Read", "Write"})

    def test_buckets(self):
        s3 = self.client("s3")
        objects = s3.list_objects_v2(Bucket="train-demo-beer-code")["Contents"]
        names = sorted(item["Key"] for item in objects)
        self.assertEqual(names, ["code.tar.gz", "secrets.json", "train-agent"])
        for name in ("train-demo-beer-code", "train-demo-beer-output"):
            blocked = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
            self.assertTrue(all(blocked.values()))
            s3.get_bucket_encryption(Bucket=name)

    def test_zz_second_plan_is_empty_and_destroy_leaves_nothing(self):
        self.assertIn("No changes", self.run_folder.run("plan", "-detailed-exitcode"))
        output = self.client("s3")
        output.put_object(Bucket="train-demo-beer-output", Key="output/model.bin", Body=b"model")
        self.run_folder.run("destroy", "-auto-approve")
        self.assertEqual(self.client("s3").list_buckets()["Buckets"], [])
        self.assertEqual(self.machine()["State"]["Name"], "terminated")
        ours = [{"Name": "tag:created-by", "Values": ["ai-training-engine"]}]
        self.assertEqual(self.client("ec2").describe_vpcs(Filters=ours)["Vpcs"], [])
        self.assertEqual(self.client("iam").list_roles()["Roles"], [])
