"""aws.tf where the first region has no machine: the run goes on in another, its buckets stay."""

from . import support_amazon


class AnotherRegion(support_amazon.AmazonCase):
    """The machine is asked for in two regions, one after the other."""

    variables = {"bucket_region": "us-east-1"}

    def networks(self, region):
        """The run's networks in a region."""
        ours = [{"Name": "tag:run", "Values": ["train-demo-beer"]}]
        return self.client("ec2", region).describe_vpcs(Filters=ours)["Vpcs"]

    def test_the_network_moves_and_the_buckets_stay(self):
        made = {b["Name"]: b["CreationDate"] for b in self.client("s3").list_buckets()["Buckets"]}
        self.assertEqual(len(self.networks("us-east-1")), 1)
        run = self.run_folder
        run.run("destroy", "-auto-approve", "-target=aws_vpc.run")
        self.assertEqual(self.networks("us-east-1"), [])
        run.set(zone="us-west-2a")
        run.run("apply", "-auto-approve")
        outputs = run.outputs()
        self.assertEqual((outputs["region"], outputs["zone"]), ("us-west-2", "us-west-2a"))
        self.assertEqual(len(self.networks("us-west-2")), 1)
        after = {b["Name"]: b["CreationDate"] for b in self.client("s3").list_buckets()["Buckets"]}
        self.assertEqual(after, made)
        for bucket in made:
            # us-east-1 is the region that S3 calls null
            place = self.client("s3").get_bucket_location(Bucket=bucket)
            self.assertIsNone(place["LocationConstraint"])
        # The agent reads and writes where the buckets are, not where it is
        self.assertIn("AWS_REGION=us-east-1 ", outputs["user_data"])
        run.run("destroy", "-auto-approve")
        self.assertEqual(self.networks("us-west-2"), [])
        self.assertEqual(self.client("s3").list_buckets()["Buckets"], [])
