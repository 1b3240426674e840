"""What Google Cloud answers: computed attributes, and buckets in an emulator where one runs."""

import hashlib
import json
import os
import urllib.error
import urllib.parse
import urllib.request

SCOPE = {
    "instance": "zones",
    "disk": "zones",
    "subnetwork": "regions",
    "network": "global",
    "firewall": "global",
}


def number(*key, below=250):
    """A stable number from 2 on."""
    return int(hashlib.sha256(repr(key).encode()).hexdigest()[:8], 16) % below + 2


def facts(kind, state, config):
    """The computed attributes of a resource."""
    project = state.get("project") or config.get("project")
    project = project or os.environ.get("GOOGLE_PROJECT") or "test-project"
    zone = state.get("zone") or config.get("zone") or "us-central1-a"
    region = state.get("region") or config.get("region") or zone.rsplit("-", 1)[0]
    name, labels = state.get("name"), state.get("labels") or {}
    found = {
        "project": project,
        "effective_labels": {**labels, "goog-terraform-provisioned": "true"},
        "terraform_labels": labels,
    }
    short = kind.removeprefix("google_compute_")
    if short in SCOPE:
        place = {"zones": f"zones/{zone}", "regions": f"regions/{region}", "global": "global"}
        path = f"projects/{project}/{place[SCOPE[short]]}/{short}s/{name}"
        found |= {"id": path, "zone": zone, "region": region}
        found |= {"self_link": "https://www.googleapis.com/compute/v1/" + path}
    if kind == "google_compute_instance":
        found |= instance(state, found["id"])
    elif kind == "google_storage_bucket":
        found |= {"id": name, "url": f"gs://{name}"}
    elif kind == "google_storage_bucket_object":
        found |= {"id": f"{state.get('bucket')}-{name}", "output_name": name}
    elif kind == "google_service_account":
        mail = f"{state.get('account_id')}@{project}.iam.gserviceaccount.com"
        path = f"projects/{project}/serviceAccounts/{mail}"
        found |= {"email": mail, "member": "serviceAccount:" + mail, "id": path, "name": path}
    elif kind.endswith("_iam_member"):
        parts = (f"b/{state.get('bucket')}", state.get("role"), state.get("member"))
        found["id"] = "/".join(str(part) for part in parts)
    return found


def refusal(kind, state, config, living):
    """Nothing that depends on what else lives; see azure.py."""


def keeps_unfinished(config):
    """A Google machine that failed is none."""
    return False


def instance(state, path):
    """What a machine has once it runs."""
    cards = []
    for index, card in enumerate(state.get("network_interface") or []):
        external = [
            {"nat_ip": f"203.0.113.{number(path, index, one)}", "network_tier": "PREMIUM"}
            for one, _ in enumerate(card.get("access_config") or [])
        ]
        inside = f"10.10.0.{number(path, index)}"
        cards.append({"name": f"nic{index}", "network_ip": inside, "access_config": external})
    disks = enumerate(state.get("scratch_disk") or [])
    return {
        "current_status": "RUNNING",
        "instance_id": str(10**18 + number(path, below=10**9)),
        "network_interface": cards,
        "scratch_disk": [{"device_name": f"local-ssd-{index}"} for index, _ in disks],
    }


def call(method, url, body=None, content_type="application/json"):
    """One request to the emulator; None for 404."""
    request = urllib.request.Request(url, method=method, data=body)
    request.add_header("Content-Type", content_type)
    # The real one exchanges its key for one; this is for an emulator that does not open to everyone
    token = os.environ.get("TFSHIM_STORE_TOKEN")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        text = error.read()[:300].decode(errors="replace")
        raise OSError(f"googleapi: Error {error.code}: {text}") from error


def backend(event, kind, state, config):
    """Buckets and objects are real where GOOGLE_STORAGE_CUSTOM_ENDPOINT names an emulator.

    The variable is the real provider's own: http://HOST:PORT/storage/v1/.
    """
    base = os.environ.get("GOOGLE_STORAGE_CUSTOM_ENDPOINT")
    if not base:
        return
    if kind == "google_storage_bucket":
        bucket(event, state, base)
    elif kind == "google_storage_bucket_object":
        bucket_object(event, state, base)


def bucket(event, state, base):
    """The life of a bucket."""
    one = f"{base}b/{urllib.parse.quote(state['name'], safe='')}"
    if event == "create":
        body = {"name": state["name"], "location": state["location"], "labels": state.get("labels")}
        query = urllib.parse.urlencode({"project": state["project"]})
        call("POST", f"{base}b?{query}", json.dumps(body).encode())
    elif event == "read" and call("GET", one) is None:
        raise LookupError(state["name"])
    elif event == "delete":
        items = (call("GET", one + "/o") or {}).get("items", [])
        if items and not state.get("force_destroy"):
            raise OSError(
                f"Error trying to delete bucket {state['name']} containing objects "
                "without `force_destroy` set to true"
            )
        for item in items:
            call("DELETE", f"{one}/o/{urllib.parse.quote(item['name'], safe='')}")
        call("DELETE", one)


def bucket_object(event, state, base):
    """The life of an object: its content is that of the file `source` names."""
    place = urllib.parse.quote(state["bucket"], safe="")
    name = urllib.parse.quote(state["name"], safe="")
    if event in ("create", "update"):
        with open(state["source"], "rb") as file:
            data = file.read()
        upload = base.replace("/storage/v1/", "/upload/storage/v1/")
        query = f"uploadType=media&name={name}"
        call("POST", f"{upload}b/{place}/o?{query}", data, "application/octet-stream")
    elif event == "read" and call("GET", f"{base}b/{place}/o/{name}") is None:
        raise LookupError(state["name"])
    elif event == "delete":
        call("DELETE", f"{base}b/{place}/o/{name}")
