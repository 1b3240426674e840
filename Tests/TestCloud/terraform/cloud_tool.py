"""gcloud and az, as far as the launcher asks them: `python3 cloud_tool.py gcloud|az WORD…`.

They answer from the toy cloud's files (TFSHIM_CLOUD), in the JSON that the real tools print for the
launcher's questions. What they are not made for is an error, as a wrong word is for the real ones.
"""

import json
import os
import pathlib
import sys

GOOGLE = {
    "instances": "google_compute_instance",
    "disks": "google_compute_disk",
    "buckets": "google_storage_bucket",
}


def living(pattern):
    """The states of what lives, of the kinds that fit a pattern, each with its kind."""
    files = sorted(pathlib.Path(os.environ["TFSHIM_CLOUD"]).glob(f"{pattern}@*.json"))
    return [(file.name.split("@")[0], json.loads(file.read_text())) for file in files]


def stopped(machine):
    """The file that says a machine was stopped."""
    return pathlib.Path(os.environ["TFSHIM_CLOUD"]) / f"stopped-{machine['name']}"


def gcloud(words):
    """What `gcloud WORDS` prints."""
    said = " ".join(words)
    if said == "auth print-access-token":
        return "token"
    if said.startswith("services list"):
        return "\n".join(f"{one}.googleapis.com" for one in ("compute", "iam", "storage"))
    if said.startswith("compute project-info describe"):
        return json.dumps({"quotas": [{"metric": "GPUS_ALL_REGIONS", "limit": 8, "usage": 0}]})
    if "list" in words:
        kind = next(GOOGLE[word] for word in words if word in GOOGLE)
        keys = ("name", "zone", "labels")
        return json.dumps([{key: row.get(key) for key in keys} for _, row in living(kind)])
    if said.startswith(("compute instances describe", "compute instances stop")):
        found = living(f"google_compute_instance@{words[3]}")
        if not found or f"--zone={found[0][1]['zone']}" not in words:
            sys.exit(f"The resource 'projects/p/zones/z/instances/{words[3]}' was not found")
        machine = found[0][1]
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
    if said.startswith("vm list-usage"):
        return json.dumps([{"limit": "8", "used": 0}])
    if said.startswith("resource list"):
        rows = [row | {"type": kind} for kind, row in living("azurerm_*") if row.get("tags")]
        return json.dumps(
            [
                {"name": row["name"], "kind": row["type"], "zone": row.get("location")}
                | {"tags": row["tags"]}
                for row in rows
            ]
        )
    if said.startswith(("vm get-instance-view", "vm deallocate")):
        wanted = words[words.index("--ids") + 1]
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


if __name__ == "__main__":
    print({"gcloud": gcloud, "az": az}[sys.argv[1]](sys.argv[2:]))
