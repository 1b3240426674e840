"""Gaps of moto 5.2.1 that show in this project, closed one by one. Another version: look again."""

from __future__ import annotations

import datetime
import json
from typing import Any

import moto
from moto.ec2.models.amis import Ami
from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.models.spot_requests import SpotInstanceRequest
from moto.ec2.responses.amis import AmisResponse
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.utils import random_spot_request_id
from moto.s3.models import FakeBucket
from moto.ssm.models import Parameter, ParameterDict

MADE_FOR = "5.2.1"


def show_groups_of_network_interfaces() -> None:
    """Terraform's provider gives security groups inside NetworkInterfaces.

    moto leaves those out of DescribeInstances, so a second plan wants to set them anew.
    """

    def groups(instance: Instance) -> Any:
        given = instance.__dict__.get("_groups")
        if given:
            return given
        interfaces = (getattr(instance, "nics", None) or {}).values()
        found = {group.id: group for nic in interfaces for group in nic._group_set}
        return list(found.values())

    def set_groups(instance: Instance, value: Any) -> None:
        instance.__dict__["_groups"] = value

    Instance.security_groups = property(groups, set_groups)


def keep_speed_of_volumes() -> None:
    """RunInstances drops Iops and Throughput of its BlockDeviceMappings.

    A second plan would want to change the root volume.
    """
    parse = InstanceResponse._parse_block_device_mapping
    add = Instance.add_block_device

    def parse_with_throughput(response: InstanceResponse) -> Any:
        mappings = parse(response)
        given = response._get_param("BlockDeviceMappings", [])
        for mapping, raw in zip(mappings, given):
            mapping["Ebs"]["Throughput"] = raw.get("Ebs", {}).get("Throughput")
        wanted = {mapping["DeviceName"]: mapping["Ebs"] for mapping in mappings}
        response.ec2_backend._wanted_devices = wanted
        return mappings

    def add_with_speed(instance: Instance, size: int, device: str, *rest: Any, **more: Any) -> None:
        add(instance, size, device, *rest, **more)
        wanted = getattr(instance.ec2_backend, "_wanted_devices", {}).get(device) or {}
        volume = instance.ec2_backend.get_volume(instance.block_device_mapping[device].volume_id)
        if wanted.get("Iops"):
            volume.iops = int(wanted["Iops"])
        if wanted.get("Throughput"):
            volume.throughput = int(wanted["Throughput"])

    InstanceResponse._parse_block_device_mapping = parse_with_throughput
    Instance.add_block_device = add_with_speed


def skip_conditional_statements() -> None:
    """Bucket policies are enforced, but the Condition of a statement is not looked at.

    "Deny unless TLS" would deny all; statements with a Condition are left out here.
    """
    permission = FakeBucket.get_permission

    def permission_without_conditions(bucket: FakeBucket, action: str, resource: str) -> Any:
        policy = bucket.policy
        if not policy:
            return permission(bucket, action, resource)
        document = json.loads(policy)
        statements = [one for one in document.get("Statement", []) if "Condition" not in one]
        bucket.policy = json.dumps({**document, "Statement": statements}).encode()
        try:
            return permission(bucket, action, resource)
        finally:
            bucket.policy = policy

    FakeBucket.get_permission = permission_without_conditions


class RequestBehindInstance(SpotInstanceRequest):
    """The spot request that RunInstances makes for an instance with InstanceMarketOptions."""

    def __init__(self, instance: Instance, options: dict[str, str]) -> None:
        self._launched = instance
        kind = options.get("SpotInstanceType", "one-time")
        behaviour = options.get("InstanceInterruptionBehavior")
        unused = [None] * 4
        super().__init__(
            instance.ec2_backend, random_spot_request_id(), "", instance.image_id, kind,
            *unused, "", [], instance.user_data, instance.instance_type,
            None, None, None, False, instance.subnet_id, {}, None, behaviour,
        )  # fmt: skip

    def launch_instance(self) -> Instance:
        return self._launched


def remember_spot_requests() -> None:
    """RunInstances forgets the request behind a spot instance.

    The one that matters is persistent: until it is cancelled, whoever terminates its instance gets
    another (docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-request-status.html).
    """
    run, terminate = InstanceResponse.run_instances, Instance.terminate
    launch = InstanceBackend.run_instances

    def run_with_options(response: InstanceResponse) -> Any:
        options = response._get_param("InstanceMarketOptions.SpotOptions", {})
        response.ec2_backend._spot_options = options
        return run(response)

    def launch_with_request(backend: Any, *rest: Any, **more: Any) -> Any:
        reservation = launch(backend, *rest, **more)
        if more.get("instance_market_options"):
            for instance in reservation.instances:
                request = RequestBehindInstance(instance, backend._spot_options)
                instance.spot_instance_request_id = request.id
                backend.spot_instance_requests[request.id] = request
        return reservation

    def terminate_and_replace(instance: Instance) -> Any:
        before = terminate(instance)
        requests = instance.ec2_backend.spot_instance_requests
        request = requests.get(getattr(instance, "spot_instance_request_id", None))
        if request is not None and request.type == "persistent":
            request.instance = SpotInstanceRequest.launch_instance(request)
            request.instance.spot_instance_request_id = request.id
        elif request is not None:
            request.state = "closed"
        return before

    InstanceResponse.run_instances = run_with_options
    InstanceBackend.run_instances = launch_with_request
    Instance.terminate = terminate_and_replace


def publish_the_deep_learning_image() -> None:
    """Of Amazon's public parameters moto knows some; here is the one for aws.tf's image."""
    name = "/aws/service/deeplearning/ami/x86_64/"
    name += "base-oss-nvidia-driver-gpu-ubuntu-22.04/latest/ami-id"
    check = ParameterDict._check_loading_status
    now = datetime.datetime.now(datetime.timezone.utc)

    def check_and_load(parameters: ParameterDict, key: str) -> None:
        check(parameters, key)
        if key == name and not dict.__contains__(parameters, name):
            account, image = parameters.account_id, "ami-03cf127a"
            published = Parameter(account, name, image, "String", *[None] * 3, now, 1, "text")
            dict.__setitem__(parameters, name, [published])

    ParameterDict._check_loading_status = check_and_load


def keep_disks_of_images() -> None:
    """RegisterImage drops BlockDeviceMappings: each image would have one small disk."""
    register = AmisResponse.register_image
    mappings = Ami.block_device_mappings.fget

    def register_with_disks(response: AmisResponse) -> Any:
        result = register(response)
        image = response.ec2_backend.amis[result.result["ImageId"]]
        image._given_disks = response._get_param("BlockDeviceMappings", [])
        return result

    def given_or_own(image: Ami) -> Any:
        found = mappings(image)
        for given, own in zip(getattr(image, "_given_disks", []), found):
            own["Ebs"]["VolumeSize"] = int(given["Ebs"]["VolumeSize"])
        return found

    AmisResponse.register_image = register_with_disks
    Ami.block_device_mappings = property(given_or_own)


def apply() -> None:
    if moto.__version__ != MADE_FOR:
        raise SystemExit(f"moto {moto.__version__} is installed, the patches are for {MADE_FOR}")
    show_groups_of_network_interfaces()
    keep_speed_of_volumes()
    remember_spot_requests()
    skip_conditional_statements()
    publish_the_deep_learning_image()
    keep_disks_of_images()
