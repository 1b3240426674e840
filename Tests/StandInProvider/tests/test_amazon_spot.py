"""aws.tf for a spot machine with a provisioned disk and Amazon's own image."""

from . import support_amazon

IMAGE = "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-22.04/latest/ami-id"


class Spot(support_amazon.AmazonCase):
    """Taken away or powered off, it keeps its disks; after destroy it never comes back."""

    variables = {"bucket_stem": "trainx", "spot": True, "dataset_disk_gb": 10, "image": None}

    @classmethod
    def before_apply(cls):
        cls.fail(
            match="^PUT /trainx-code$",
            status=409,
            code="BucketAlreadyExists",
            message="The requested bucket name is not available.",
        )
        taken = cls.run_folder.run("apply", "-auto-approve", status=1)
        cls.fail(
            match="RunInstances$",
            status=400,
            code="MaxSpotInstanceCountExceeded",
            message="Max spot instance count exceeded",
        )
        quota = cls.run_folder.run("apply", "-auto-approve", status=1)
        cls.refusals = taken, quota

    def test_refusals_are_told_and_the_next_apply_goes_on(self):
        taken, quota = self.refusals
        self.assertIn("BucketAlreadyExists", taken)
        self.assertIn("MaxSpotInstanceCountExceeded", quota)

    def request(self):
        """The request behind the machine."""
        (found,) = self.client("ec2").describe_spot_instance_requests()["SpotInstanceRequests"]
        return found

    def test_an_interruption_and_a_power_off_keep_the_disks(self):
        request = self.request()
        self.assertEqual(request["Type"], "persistent")
        self.assertEqual(request["InstanceInterruptionBehavior"], "stop")
        self.assertEqual(self.attribute("instanceInitiatedShutdownBehavior"), "stop")
        bills = {bill["what"].split(",")[0]: bill["until"] for bill in self.outputs["billing"]}
        self.assertEqual((bills["boot disk"], bills["dataset disk"]), ("finish", "finish"))

    def test_the_request_is_found_by_its_labels(self):
        tags = {tag["Key"]: tag["Value"] for tag in self.request()["Tags"]}
        self.assertEqual(tags["run"], "train-demo-beer")
        self.assertEqual(tags["created-by"], "ai-training-engine")

    def test_image_of_the_public_parameter(self):
        parameter = self.client("ssm").get_parameter(Name=IMAGE)["Parameter"]["Value"]
        self.assertEqual(self.machine()["ImageId"], parameter)

    def test_the_smallest_disk_has_the_speed_it_may_have(self):
        volumes = self.client("ec2").describe_volumes()["Volumes"]
        (disk,) = [volume for volume in volumes if volume["Size"] == 10]
        self.assertEqual((disk["VolumeType"], disk["Iops"], disk["Encrypted"]), ("gp3", 5000, True))

    def test_buckets_go_by_their_stem(self):
        names = [bucket["Name"] for bucket in self.client("s3").list_buckets()["Buckets"]]
        self.assertEqual(sorted(names), ["trainx-code", "trainx-output"])
        self.assertEqual(self.outputs["output_bucket_url"], "s3://trainx-output")
        policy = self.client("iam").get_role_policy(
            RoleName="train-demo-beer", PolicyName="buckets"
        )["PolicyDocument"]
        allowed = {one["Sid"]: one["Resource"] for one in policy["Statement"]}
        self.assertEqual(allowed["Write"], ["arn:aws:s3:::trainx-output/*"])

    def test_zz_second_plan_is_empty_and_destroy_leaves_nothing(self):
        self.assertIn("No changes", self.run_folder.run("plan", "-detailed-exitcode"))
        self.run_folder.run("destroy", "-auto-approve")
        ec2 = self.client("ec2")
        self.assertEqual(ec2.describe_spot_instance_requests()["SpotInstanceRequests"], [])
        groups = ec2.describe_instances()["Reservations"]
        states = [one["State"]["Name"] for group in groups for one in group["Instances"]]
        self.assertEqual(states, ["terminated"])
