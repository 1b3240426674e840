"""aws.tf with the real AWS provider against moto: one apply, since the provider takes its time."""

import base64
import datetime
import gzip
import json

from . import support_amazon


class Amazon(support_amazon.AmazonCase):
    """A machine that nobody takes away, with a local SSD."""

    def test_valid(self):
        self.run_folder.run("validate")

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
        self.assertEqual(set(allowed), {"List", "Read", "Write", "Decrypt"})
        only = next(one for one in policy["Statement"] if one["Sid"] == "Decrypt")["Condition"]
        self.assertEqual(only, {"StringLike": {"kms:ViaService": "s3.*.amazonaws.com"}})

    def test_a_folder_of_the_dataset_s_bucket_is_all_that_is_granted(self):
        self.addCleanup(self.run_folder.set, dataset_prefix=None)
        self.run_folder.set(dataset_prefix="sets/b*er$?")
        plan = self.run_folder.plan()
        (planned,) = [
            change["change"]["after"]["policy"]
            for change in plan["resource_changes"]
            if change["address"] == "aws_iam_role_policy.run[0]"
        ]
        allowed = {one["Sid"]: one for one in json.loads(planned)["Statement"]}
        bucket, folder = "arn:aws:s3:::training-dataset-beer", "sets/b${*}er${$}${?}"
        only = {"StringLike": {"s3:prefix": [folder, folder + "/*"]}}
        self.assertEqual(allowed["ListDataset"]["Condition"], only)
        self.assertEqual(allowed["ListDataset"]["Resource"], [bucket])
        self.assertEqual(allowed["ListDataset"]["Action"], ["s3:ListBucket"])
        self.assertNotIn(bucket, allowed["List"]["Resource"])
        self.assertEqual(
            [name for name in allowed["Read"]["Resource"] if name.startswith(bucket)],
            [f"{bucket}/{folder}", f"{bucket}/{folder}/*"],
        )

    def test_it_is_stopped_from_outside(self):
        stop = self.client("scheduler").get_schedule(Name="train-demo-beer")
        until = datetime.datetime.fromisoformat(stop["ScheduleExpression"][3:-1])
        ahead = until - datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        self.assertAlmostEqual(ahead.total_seconds(), 86400 + 2 * 1800, delta=900)
        target = stop["Target"]
        self.assertEqual(target["Arn"], "arn:aws:scheduler:::aws-sdk:ec2:stopInstances")
        self.assertEqual(
            json.loads(target["Input"]), {"InstanceIds": [self.outputs["instance_id"]]}
        )
        policy = self.client("iam").get_role_policy(
            RoleName="train-demo-beer-stop", PolicyName="stop"
        )
        (statement,) = policy["PolicyDocument"]["Statement"]
        self.assertEqual(statement["Action"], ["ec2:StopInstances"])
        only = {"aws:ResourceTag/run": "train-demo-beer"}
        self.assertEqual(statement["Condition"], {"StringEquals": only})

    def test_a_disk_smaller_than_the_image_is_refused(self):
        image = {"Ebs": {"VolumeSize": 240}, "DeviceName": "/dev/sda1"}
        made = self.client("ec2").register_image(
            Name="big", RootDeviceName="/dev/sda1", BlockDeviceMappings=[image]
        )
        before = self.run_folder.variables["image"]
        self.addCleanup(self.run_folder.set, image=before)
        text = self.run_folder.refuse(image=made["ImageId"])
        self.assertIn("disk_size_gb must be at least 240, the size of the image", text)

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
        self.assertEqual(self.client("scheduler").list_schedules()["Schedules"], [])
