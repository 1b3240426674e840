"""aws.tf where a company gives the network and the role, and nothing lets anybody in."""

import json

from . import support_amazon


class GivenNetworkAndRole(support_amazon.AmazonCase):
    """The account's default network, an instance profile that an administrator has made."""

    variables = {
        "network": "default",
        "identity": "trainer",
        "public_address": False,
        "ssh_cidr": None,
    }

    @classmethod
    def before_apply(cls):
        iam = cls.client("iam")
        trust = {"Version": "2012-10-17", "Statement": []}
        cls.role = iam.create_role(RoleName="trainer", AssumeRolePolicyDocument=json.dumps(trust))
        iam.create_instance_profile(InstanceProfileName="trainer")
        iam.add_role_to_instance_profile(InstanceProfileName="trainer", RoleName="trainer")
        cls.networks = cls.client("ec2").describe_vpcs()["Vpcs"]

    def test_nothing_of_it_is_made_anew(self):
        iam = self.client("iam")
        self.assertEqual([role["RoleName"] for role in iam.list_roles()["Roles"]], ["trainer"])
        self.assertEqual(len(iam.list_instance_profiles()["InstanceProfiles"]), 1)
        self.assertEqual(self.client("ec2").describe_vpcs()["Vpcs"], self.networks)

    def test_the_machine_is_in_the_networks_subnet_of_its_zone(self):
        machine = self.machine()
        (default,) = [one for one in self.networks if one["IsDefault"]]
        self.assertEqual(machine["VpcId"], default["VpcId"])
        subnets = self.client("ec2").describe_subnets(SubnetIds=[machine["SubnetId"]])["Subnets"]
        self.assertEqual(subnets[0]["AvailabilityZone"], "us-east-1a")
        self.assertTrue(machine["IamInstanceProfile"]["Arn"].endswith("/trainer"))

    def test_nobody_is_let_in(self):
        ids = [group["GroupId"] for group in self.machine()["SecurityGroups"]]
        groups = self.client("ec2").describe_security_groups(GroupIds=ids)["SecurityGroups"]
        self.assertEqual([rule for group in groups for rule in group["IpPermissions"]], [])
        self.assertEqual(self.outputs["public_ip"], "")
        bills = [bill["what"] for bill in self.outputs["billing"]]
        self.assertNotIn("external address", bills)

    def test_the_buckets_let_the_role_in(self):
        for part, may_write in (("code", False), ("output", True)):
            with self.subTest(part):
                found = self.client("s3").get_bucket_policy(Bucket=f"train-demo-beer-{part}")
                statements = json.loads(found["Policy"])["Statement"]
                (allowed,) = [one for one in statements if one["Effect"] == "Allow"]
                self.assertEqual(allowed["Principal"], {"AWS": self.role["Role"]["Arn"]})
                self.assertIn("s3:GetObject", allowed["Action"])
                self.assertEqual("s3:PutObject" in allowed["Action"], may_write)

    def test_it_is_stopped_from_outside_by_the_same_role(self):
        stop = self.client("scheduler").get_schedule(Name="train-demo-beer")
        self.assertEqual(stop["Target"]["RoleArn"], self.role["Role"]["Arn"])

    def test_a_zone_without_a_subnet_is_refused_before_anything_is_made(self):
        subnet = self.machine()["SubnetId"]
        self.addCleanup(self.run_folder.set, zone="us-east-1a", subnet=None)
        text = self.run_folder.refuse(zone="us-east-1b", subnet=subnet)
        self.assertIn("no subnet in us-east-1b, or the subnet is in another zone", text)
