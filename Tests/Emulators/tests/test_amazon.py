"""moto with its gaps closed, with the real aws command and rclone."""

from __future__ import annotations

import importlib.util
import json
import unittest
from typing import Any

from .support import EmulatorTest, needs, request

HAS_MOTO = importlib.util.find_spec("moto") is not None


@unittest.skipUnless(HAS_MOTO, "moto is not installed here (amazon/requirements.txt)")
class AmazonTest(EmulatorTest):
    program = "amazon"

    def setUp(self) -> None:
        self.emulator.post("reset", {})
        request("POST", f"{self.emulator.address}/moto-api/reset", b"")
        request("PUT", f"{self.emulator.address}/{self.bucket}", b"")
        self.make_folder()
        self.emulator.requests()


@needs("aws")
class Aws(AmazonTest):
    def test_sync_brings_every_name_up_and_down_and_then_is_quiet(self) -> None:
        tree = self.write_nasty_tree("up")
        sync = ["aws", "s3", "sync", "--only-show-errors"]
        url = f"s3://{self.bucket}/run"
        self.run_client(*sync, "up", url)
        self.emulator.requests()
        self.run_client(*sync, "up", url)
        self.assertEqual(self.emulator.requests("PUT", "POST"), [])
        self.run_client(*sync, url, "down")
        self.assertEqual(self.read_tree("down"), tree)

    def test_503_then_success(self) -> None:
        self.write("a", b"a")
        self.emulator.post("fail", {"match": "^PUT", "status": 503})
        self.run_client("aws", "s3", "cp", "--only-show-errors", "a", f"s3://{self.bucket}/a")
        self.assertEqual([one["status"] for one in self.emulator.requests("PUT")], [503, 200])

    def set_policy(self, statement: dict[str, Any]) -> None:
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        address = f"{self.emulator.address}/{self.bucket}?policy"
        answer = request("PUT", address, policy.encode(), {"Content-Type": "application/json"})
        self.assertEqual(answer.status, 200)

    def test_policy_that_wants_tls_does_not_shut_out_all(self) -> None:
        statement = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": f"arn:aws:s3:::{self.bucket}/*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        self.set_policy(statement)
        self.write("a", b"a")
        self.run_client("aws", "s3", "cp", "--only-show-errors", "a", f"s3://{self.bucket}/a")
        del statement["Condition"]
        self.set_policy(statement)
        command = ["aws", "s3", "cp", "--only-show-errors", "a", f"s3://{self.bucket}/b"]
        self.run_client(*command, fails=True)


class Instances(AmazonTest):
    def test_instance_shows_what_it_was_asked_for(self) -> None:
        import boto3  # moto brings it

        environment = self.emulator.told["environment"]
        ec2 = boto3.client(
            "ec2",
            region_name=environment["AWS_REGION"],
            endpoint_url=environment["AWS_ENDPOINT_URL"],
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            verify=False,
        )
        self.addCleanup(ec2.close)
        subnet = ec2.describe_subnets()["Subnets"][0]
        group = ec2.create_security_group(GroupName="g", Description="g", VpcId=subnet["VpcId"])[
            "GroupId"
        ]
        disk = {"VolumeSize": 50, "VolumeType": "gp3", "Iops": 4000, "Throughput": 250}
        interface = {"DeviceIndex": 0, "SubnetId": subnet["SubnetId"], "Groups": [group]}
        ec2.run_instances(
            ImageId="ami-12c6146b",
            InstanceType="t3.micro",
            MinCount=1,
            MaxCount=1,
            NetworkInterfaces=[interface],
            BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": disk}],
        )
        seen = ec2.describe_instances()["Reservations"][0]["Instances"][0]
        self.assertEqual([one["GroupId"] for one in seen["SecurityGroups"]], [group])
        volume = seen["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
        shown = ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]
        self.assertEqual((shown["Iops"], shown["Throughput"]), (4000, 250))


@needs("rclone")
class Rclone(AmazonTest):
    def test_every_name_goes_up_and_down(self) -> None:
        tree = self.write_nasty_tree("up")
        self.run_client("rclone", "copy", "up", f"TRAINS3:{self.bucket}/run")
        self.run_client("rclone", "copy", f":s3:{self.bucket}/run", "down")
        self.assertEqual(self.read_tree("down"), tree)


if __name__ == "__main__":
    unittest.main()
