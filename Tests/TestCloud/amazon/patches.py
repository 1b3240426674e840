"""Gaps of moto 5.2.1 that show in this project, closed one by one. Another version: look again."""

from __future__ import annotations

import json
from typing import Any

import moto
from moto.ec2.models.instances import Instance
from moto.ec2.responses.instances import InstanceResponse
from moto.s3.models import FakeBucket

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


def apply() -> None:
    if moto.__version__ != MADE_FOR:
        raise SystemExit(f"moto {moto.__version__} is installed, the patches are for {MADE_FOR}")
    show_groups_of_network_interfaces()
    keep_speed_of_volumes()
    skip_conditional_statements()
