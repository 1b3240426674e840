"""Lists a run's resources in moto: `python3 resources.py RUN` prints a line for each.

The AWS client's environment names the server. A resource is the run's by its tag or its name.
"""

import os
import sys

import boto3


def resources(run):
    """Kind and name of each of the run's resources."""

    def client(service):
        return boto3.client(service, endpoint_url=os.environ["AWS_ENDPOINT_URL"])

    ec2, iam, s3 = client("ec2"), client("iam"), client("s3")

    def tagged(bucket):
        try:
            tags = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
        except s3.exceptions.ClientError:  # it has none
            return False
        return {"Key": "run", "Value": run} in tags

    of_run = [{"Name": "tag:run", "Values": [run]}]
    alive = ["pending", "running", "stopping", "stopped"]
    machines = of_run + [{"Name": "instance-state-name", "Values": alive}]
    for group in ec2.describe_instances(Filters=machines)["Reservations"]:
        yield from (f"machine {one['InstanceId']}" for one in group["Instances"])
    for kind, answer, key in (
        (
            "spot request",
            ec2.describe_spot_instance_requests(Filters=of_run)["SpotInstanceRequests"],
            "SpotInstanceRequestId",
        ),
        ("disk", ec2.describe_volumes(Filters=of_run)["Volumes"], "VolumeId"),
        ("network", ec2.describe_vpcs(Filters=of_run)["Vpcs"], "VpcId"),
        ("subnet", ec2.describe_subnets(Filters=of_run)["Subnets"], "SubnetId"),
        ("group", ec2.describe_security_groups(Filters=of_run)["SecurityGroups"], "GroupId"),
        ("address", ec2.describe_addresses(Filters=of_run)["Addresses"], "AllocationId"),
        ("role", iam.list_roles()["Roles"], "RoleName"),
        ("profile", iam.list_instance_profiles()["InstanceProfiles"], "InstanceProfileName"),
        ("bucket", [one for one in s3.list_buckets()["Buckets"] if tagged(one["Name"])], "Name"),
    ):
        named = kind in ("role", "profile")
        yield from (f"{kind} {one[key]}" for one in answer if not named or run in one[key])


if __name__ == "__main__":
    print("\n".join(resources(sys.argv[1])))
