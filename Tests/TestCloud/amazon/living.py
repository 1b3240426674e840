"""What lives in moto: `python3 living.py RUN` prints a line for each thing of one run.

The AWS client's environment says where. By name or by tag, whichever the kind has.
"""

import os
import sys

import boto3


def living(run):
    """Kinds and names of what carries the run's name."""

    def client(service):
        return boto3.client(service, endpoint_url=os.environ["AWS_ENDPOINT_URL"])

    ec2, iam, s3 = client("ec2"), client("iam"), client("s3")

    def tagged(bucket):
        try:
            tags = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
        except s3.exceptions.ClientError:  # it has none
            return False
        return {"Key": "run", "Value": run} in tags

    ours = [{"Name": "tag:run", "Values": [run]}]
    alive = ["pending", "running", "stopping", "stopped"]
    machines = ours + [{"Name": "instance-state-name", "Values": alive}]
    for group in ec2.describe_instances(Filters=machines)["Reservations"]:
        yield from (f"machine {one['InstanceId']}" for one in group["Instances"])
    for kind, answer, key in (
        (
            "spot request",
            ec2.describe_spot_instance_requests(Filters=ours)["SpotInstanceRequests"],
            "SpotInstanceRequestId",
        ),
        ("disk", ec2.describe_volumes(Filters=ours)["Volumes"], "VolumeId"),
        ("network", ec2.describe_vpcs(Filters=ours)["Vpcs"], "VpcId"),
        ("subnet", ec2.describe_subnets(Filters=ours)["Subnets"], "SubnetId"),
        ("group", ec2.describe_security_groups(Filters=ours)["SecurityGroups"], "GroupId"),
        ("address", ec2.describe_addresses(Filters=ours)["Addresses"], "AllocationId"),
        ("role", iam.list_roles()["Roles"], "RoleName"),
        ("profile", iam.list_instance_profiles()["InstanceProfiles"], "InstanceProfileName"),
        ("bucket", [one for one in s3.list_buckets()["Buckets"] if tagged(one["Name"])], "Name"),
    ):
        named = kind in ("role", "profile")
        yield from (f"{kind} {one[key]}" for one in answer if not named or run in one[key])


if __name__ == "__main__":
    print("\n".join(living(sys.argv[1])))
