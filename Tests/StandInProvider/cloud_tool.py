"""gcloud, az and Google's permissions by curl, as far as the launcher asks them:
`python3 cloud_tool.py gcloud|az|curl WORD…`.

They answer from the toy cloud's files (TFSHIM_CLOUD), in the JSON that the real tools print for the
launcher's questions, of the project and by the labels that are asked for and no others. What they
are not made for is an error, as a wrong word is for the real ones.
"""

import json
import os
import pathlib
import re
import sys

GOOGLE = {
    "instances": "google_compute_instance",
    "disks": "google_compute_disk",
    "buckets": "google_storage_bucket",
}
# The zones of the toy cloud, each of which has every machine
ZONES = {
    "us-central1": "abcf",
    "us-east1": "bcd",
    "europe-west4": "abc",
}
AZURE_SIZES = (
    "[?name=='{size}'].{{location:locationInfo[0].location,zones:locationInfo[0].zones,"
    "restrictions:restrictions[].{{type:type,zones:restrictionInfo.zones}}}}"
)
AZURE_LIST = "[].{name:name,kind:type,zone:location,tags:tags}"


def living(pattern):
    """The states of what lives, of the kinds that fit a pattern, each with its kind."""
    files = sorted(pathlib.Path(os.environ["TFSHIM_CLOUD"]).glob(f"{pattern}@*.json"))
    return [(file.name.split("@")[0], json.loads(file.read_text())) for file in files]


def option(words, name, needed=True):
    """The value of `--name VALUE` or `--name=VALUE`."""
    for word, after in zip(words, [*words[1:], ""], strict=True):
        if word.startswith(f"--{name}="):
            return word.split("=", 1)[1]
        if word == f"--{name}":
            return after
    if needed:
        sys.exit(f"argument --{name} is required")
    return None


def azure_kind(row):
    """`Microsoft.Compute/virtualMachines`, as the id has it."""
    return "/".join(row["id"].split("/providers/")[-1].split("/")[:2])


def google_rows(words):
    """What `gcloud … list` prints of the things that its filter lets through."""
    kind = next(GOOGLE[word] for word in words if word in GOOGLE)
    found = re.fullmatch(r"labels\.([a-z-]+)=([a-z0-9-]+)", option(words, "filter"))
    fields = re.fullmatch(r"json\(([a-z,]+)\)", option(words, "format"))
    if not found or not fields:
        sys.exit("ERROR: (gcloud) Non-empty default projection or filter expected")
    label, value = found.groups()
    rows = [row for _, row in living(kind) if row.get("project") == option(words, "project")]
    rows = [row for row in rows if (row.get("labels") or {}).get(label) == value]
    keys = fields.group(1).split(",")
    return [{key: row[key] for key in keys if row.get(key) is not None} for row in rows]


def stopped(machine):
    """The file that says a machine was stopped."""
    return pathlib.Path(os.environ["TFSHIM_CLOUD"]) / f"stopped-{machine['name']}"


def google_zones(words):
    """What `gcloud compute machine-types list` and its like print, by name and region."""
    pattern = r"name=[a-z0-9-]+( AND zone ~ \^([a-z0-9-]+)-)?"
    found = re.fullmatch(pattern, option(words, "filter"))
    if not found or option(words, "format") != "value(zone)":
        sys.exit("ERROR: (gcloud) Non-empty default projection or filter expected")
    option(words, "project")
    regions = [found.group(2)] if found.group(2) else ZONES
    return "\n".join(f"{region}-{zone}" for region in regions for zone in ZONES.get(region, ""))


def azure_sizes(words):
    """What `az vm list-skus` prints: the size in each zone of two regions, one zone closed."""
    size = option(words, "size")
    if option(words, "query") != AZURE_SIZES.format(size=size):
        sys.exit("az: not made for this --query")
    option(words, "subscription")
    closed = [{"type": "Zone", "zones": ["3"]}]
    places = [option(words, "location", needed=False)] if "--location" in words else None
    return json.dumps(
        [
            {"location": place, "zones": ["1", "2", "3"], "restrictions": closed}
            for place in places or ["eastus", "westus2"]
        ]
    )


def gcloud(words):
    """What `gcloud WORDS` prints."""
    said = " ".join(words)
    if said in ("auth print-access-token", "auth application-default print-access-token"):
        return "token"
    if said.startswith("services list"):
        return "\n".join(f"{one}.googleapis.com" for one in ("compute", "iam", "storage"))
    if said.startswith("compute project-info describe"):
        return json.dumps({"quotas": [{"metric": "GPUS_ALL_REGIONS", "limit": 8, "usage": 0}]})
    if said.startswith("compute regions describe us-central1 "):
        return json.dumps({"quotas": [{"metric": "NVIDIA_L4_GPUS", "limit": 8, "usage": 0}]})
    if said.startswith(("compute machine-types list", "compute accelerator-types list")):
        return google_zones(words)
    if said.startswith("storage buckets describe gs://"):
        option(words, "project")
        # `fine…` is a bucket whose objects have lists of their own, which takes no conditions
        is_fine = words[3].startswith("gs://fine")
        return {
            "value(location)": "US-CENTRAL1",
            "value(uniform_bucket_level_access)": str(not is_fine),
        }[option(words, "format")]
    if "list" in words:
        return json.dumps(google_rows(words))
    if said.startswith(("compute instances describe", "compute instances stop")):
        project, zone = option(words, "project"), option(words, "zone")
        found = [
            row
            for _, row in living(f"google_compute_instance@{words[3]}")
            if (row.get("project"), row.get("zone")) == (project, zone)
        ]
        if not found:
            path = f"projects/{project}/zones/{zone}/instances/{words[3]}"
            sys.exit(f"The resource '{path}' was not found")
        machine = found[0]
        if words[2] == "describe":
            return "TERMINATED" if stopped(machine).exists() else "RUNNING"
        # A machine with local SSDs is not stopped without a word on what becomes of them
        if machine.get("scratch_disk") and "--discard-local-ssd=true" not in words:
            sys.exit("Cannot stop: the instance has local SSDs, discard-local-ssd is not set")
        stopped(machine).touch()
        return ""
    sys.exit(f"gcloud: not made for: {said}")


def az(words):
    """What `az WORDS` prints."""
    said = " ".join(words)
    if said.startswith("account show"):
        return json.dumps({"name": "test"})
    if said.startswith("role assignment list"):
        option(words, "assignee")
        return json.dumps(["Owner"])
    if said.startswith("vm list-usage"):
        return json.dumps([{"name": "standardNCASv3_T4Family", "limit": "8", "used": 0}])
    if said.startswith("vm list-skus"):
        return azure_sizes(words)
    if said.startswith("resource list --name"):
        option(words, "subscription")
        return "eastus"
    if said.startswith("resource list"):
        if option(words, "query") != AZURE_LIST:
            sys.exit("az: not made for this --query")
        label, value = option(words, "tag").split("=")
        # The real one would take its own default subscription, which need not be the run's.
        place = f"/subscriptions/{option(words, 'subscription')}/"
        rows = [
            {"name": row["name"], "kind": azure_kind(row), "zone": row.get("location")}
            | {"tags": row["tags"]}
            for _, row in living("azurerm_*")
            if (row.get("tags") or {}).get(label) == value
            and row["id"].startswith(place)
            and "/providers/" in row["id"]  # resource groups are listed apart
        ]
        return json.dumps(rows)
    if said.startswith(("vm get-instance-view", "vm deallocate")):
        wanted = option(words, "ids")
        machines = [row for _, row in living("azurerm_linux_virtual_machine")]
        machine = next((row for row in machines if row["id"] == wanted), None)
        if machine is None:
            sys.exit("(ResourceNotFound) The Resource was not found.")
        if words[1] == "deallocate":
            stopped(machine).touch()
            return ""
        power = "deallocated" if stopped(machine).exists() else "running"
        return f"ProvisioningState/succeeded\nPowerState/{power}"
    sys.exit(f"az: not made for: {said}")


def curl(words):
    """What the Cloud Resource Manager API says to the owner of a project, who may do all."""
    if not re.search(r"/v1/projects/[a-z0-9-]+:testIamPermissions$", words[-1]):
        sys.exit("curl: not made for this address")
    if option(words, "config") != "-" or 'Bearer token"' not in sys.stdin.read():
        return json.dumps({"error": {"code": 401, "message": "no token"}})
    return option(words, "data-raw")


if __name__ == "__main__":
    print({"gcloud": gcloud, "az": az, "curl": curl}[sys.argv[1]](sys.argv[2:]))
