"""What Google's provider and cloud take and refuse."""

import datetime
import ipaddress
import re

from .rules import Rules, one

LOCAL_SSDS = {
    "a2-highgpu-1g": {1, 2, 4, 8},
    "a2-highgpu-2g": {2, 4, 8},
    "a2-highgpu-4g": {4, 8},
    "a2-highgpu-8g": {8},
    "g2-standard-24": {2},
    "g2-standard-48": {4},
    "g2-standard-96": {8},
}
BUNDLED_SSDS = ("a2-ultragpu-", "a3-", "z3-")


def legal_ssds(machine):
    """How many local SSDs a machine type takes, besides none."""
    if machine.startswith("n1-"):
        return {1, 2, 3, 4, 5, 6, 7, 8, 16, 24}
    if machine in LOCAL_SSDS:
        return LOCAL_SSDS[machine]
    if machine.startswith("g2-standard-"):
        return {1}
    return set()


def google_instance(state):
    """What Compute Engine refuses at once."""
    machine, plan = state.get("machine_type") or "", one(state.get("scheduling"))
    accelerators, ssds = state.get("guest_accelerator") or [], len(state.get("scratch_disk") or [])
    spot, limit = plan.get("provisioning_model") == "SPOT", one(plan.get("max_run_duration"))
    if accelerators and not machine.startswith("n1-"):
        yield f"guest_accelerator: {machine} does not take accelerators"
    if (accelerators or machine.startswith(("a2-", "a3-", "g2-"))) and (
        plan.get("on_host_maintenance") != "TERMINATE"
    ):
        yield "Instances with guest accelerators do not support live migration."
    if spot and (plan.get("automatic_restart") is not False or not plan.get("preemptible")):
        yield "Spot: scheduling.automatic_restart must be false and preemptible true"
    if spot and plan.get("on_host_maintenance") != "TERMINATE":
        yield "Scheduling must have preemptible be false when OnHostMaintenance isn't TERMINATE."
    if ssds and machine.startswith(BUNDLED_SSDS):
        yield f"scratch_disk: {machine} brings its local SSDs"
    elif ssds and ssds not in legal_ssds(machine):
        yield f"scratch_disk: {machine} takes {sorted(legal_ssds(machine))} local SSDs, not {ssds}"
    if limit:
        yield from google_limit(plan, limit, ssds or machine.startswith(BUNDLED_SSDS))
    yield from google_termination(plan, ssds or machine.startswith(BUNDLED_SSDS))
    if sum(len(item or "") for item in (state.get("metadata") or {}).values()) > 512 * 1024:
        yield "metadata: more than 512 KB"
    for account in state.get("service_account") or []:
        full = ("devstorage.full_control", "cloud-platform")
        if not any(scope.endswith(full) for scope in account.get("scopes") or []):
            # Objects: patch takes no less (cloud.google.com/storage/docs/json_api/v1/objects/patch)
            yield "scopes: gsutil rsync could not patch an object's time"


def google_termination(plan, has_ssds):
    """Rules about termination_time (cloud.google.com/compute/docs/instances/limit-vm-runtime)."""
    moment = plan.get("termination_time")
    if not isinstance(moment, str):
        return
    if plan.get("max_run_duration"):
        yield "Only one of terminationTime and maxRunDuration can be specified"
    until = datetime.datetime.fromisoformat(moment.replace("Z", "+00:00"))
    ahead = (until - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    if not 30 <= ahead <= 120 * 86400:
        yield "terminationTime must lie between 30 seconds and 120 days ahead"
    if plan.get("instance_termination_action") not in ("STOP", "DELETE"):
        yield "terminationTime needs instance_termination_action"
    said = bool(plan.get("on_instance_stop_action"))
    if plan.get("instance_termination_action") == "STOP" and said != bool(has_ssds):
        yield "discard_local_ssd is required with local SSDs, and only allowed with them"


def google_limit(plan, limit, has_ssds):
    """Rules about max_run_duration."""
    if not 30 <= (limit.get("seconds") or 0) <= 120 * 86400:
        yield "max_run_duration must lie between 30 seconds and 120 days"
    action = plan.get("instance_termination_action")
    if action not in ("STOP", "DELETE"):
        yield "max_run_duration needs instance_termination_action"
    said = bool(plan.get("on_instance_stop_action"))
    if action == "STOP" and said != bool(has_ssds):
        yield "discard_local_ssd is required with local SSDs, and only allowed with them"


def google_bucket(state):
    """This project's own rules for buckets."""
    if state.get("uniform_bucket_level_access") is not True:
        yield "uniform_bucket_level_access must be true"
    if state.get("public_access_prevention") != "enforced":
        yield "public_access_prevention must be enforced"


# An attribute of a request, and its whole text or what it begins with: all that gcp.tf may ask
# (cloud.google.com/iam/docs/conditions-attribute-reference).
GOOGLE_TERM = re.compile(
    r'(resource\.name|api\.getAttribute\("storage\.googleapis\.com/objectListPrefix", ""\))'
    r'(?: == ("(?:[^"\\]|\\.)*")|\.startsWith\(("(?:[^"\\]|\\.)*")\))'
)


def google_grant(state):
    """A condition is one that Google can read."""
    for condition in state.get("condition") or []:
        for term in (condition.get("expression") or "").split(" || "):
            if not GOOGLE_TERM.fullmatch(term):
                yield f"Error 400: Invalid expression: {term}, badRequest"
        if len(condition.get("title") or "") > 100:
            yield "Error 400: the title of a condition has at most 100 characters"


def google_firewall(state):
    """This project's own rules for the way in: SSH alone, and the world only if said in full."""
    allowed = [(rule.get("protocol"), rule.get("ports")) for rule in state.get("allow") or []]
    if allowed != [("tcp", ["22"])]:
        yield f"firewall: only tcp 22 may be open, not {allowed}"
    for cidr in state.get("source_ranges") or []:
        if cidr and ipaddress.ip_network(cidr).prefixlen == 0 and cidr != "0.0.0.0/0":
            yield f"firewall: {cidr}"


GOOGLE = Rules(
    exists="Error 409: The resource '{id}' already exists, alreadyExists",
    known_at_plan=("project", "zone", "region", "terraform_labels", "effective_labels"),
    defaults={
        "google_compute_instance": {
            "boot_disk.auto_delete": True,
            "boot_disk.mode": "READ_WRITE",
            "attached_disk.mode": "READ_WRITE",
            "can_ip_forward": False,
            "deletion_protection": False,
            "scratch_disk.size": 375,
            "scheduling.automatic_restart": True,
            "scheduling.preemptible": False,
        },
        "google_storage_bucket": {"storage_class": "STANDARD", "force_destroy": False},
        "google_service_account": {"disabled": False},
    },
    force_new={
        "google_compute_instance": [
            "name", "zone", "project", "machine_type", "boot_disk.initialize_params.image",
            "boot_disk.initialize_params.size", "boot_disk.initialize_params.type",
            "network_interface.subnetwork", "guest_accelerator", "scheduling.preemptible",
            "scheduling.provisioning_model", "scheduling.max_run_duration", "scratch_disk",
        ],
        "google_compute_disk": ["name", "zone", "type", "project", "image"],
    },
    enums={
        "google_compute_instance": {
            "boot_disk.mode": ["READ_WRITE", "READ_ONLY"],
            "network_interface.nic_type": ["GVNIC", "VIRTIO_NET", "IDPF", "MRDMA", "IRDMA"],
            "scratch_disk.interface": ["SCSI", "NVME"],
            "scheduling.provisioning_model": ["STANDARD", "SPOT", "FLEX_START"],
            "scheduling.on_host_maintenance": ["MIGRATE", "TERMINATE"],
            "scheduling.instance_termination_action": ["STOP", "DELETE"],
        },
        "google_storage_bucket": {"public_access_prevention": ["inherited", "enforced"]},
    },
    checks={
        "google_compute_instance": google_instance,
        "google_storage_bucket": google_bucket,
        "google_compute_firewall": google_firewall,
        "google_storage_bucket_iam_member": google_grant,
    },
)  # fmt: skip
