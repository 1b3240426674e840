#!/usr/bin/env python3
"""Puts off the daily shutdown that Azure keeps for this machine, by 23 hours from now, while the agent lives.

An agent that lives writes its status every few minutes. Where it has not for half an hour nothing is put off, and Azure
deallocates the machine at the time that was set last.
"""

import datetime
import json
import os
import time
import urllib.parse
import urllib.request

IMDS = "http://169.254.169.254/metadata/"
MANAGER = "https://management.azure.com"
STATUS = "/var/lib/train/work/run/status.json"
MOST_SECONDS = 1800
AHEAD = datetime.timedelta(hours=23)


def ask(url, headers, method="GET", body=None):
    """What one request answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode()


def metadata(path, **query):
    """What the machine's metadata service answers."""
    return ask(IMDS + path + "?" + urllib.parse.urlencode(query), {"Metadata": "true"})


def identity():
    """The resource id of the identity that Terraform gave this machine."""
    with open("/etc/train/bootstrap.env") as file:
        settings = dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
    return settings["IDENTITY"]


def main():
    """One look, one change."""
    if time.time() - os.stat(STATUS).st_mtime > MOST_SECONDS:
        raise SystemExit("the agent has not written its status: the shutdown stays where it is")
    place = "instance/compute/resourceId"
    machine = metadata(place, **{"api-version": "2021-02-01", "format": "text"})
    query = {"api-version": "2018-02-01", "msi_res_id": identity(), "resource": MANAGER + "/"}
    login = json.loads(metadata("identity/oauth2/token", **query))
    # The only name that Azure takes for the schedule of a machine
    # (learn.microsoft.com/azure/templates/microsoft.devtestlab/schedules).
    group, name = machine.split("/providers/")[0], machine.rsplit("/", 1)[1]
    place = f"{group}/providers/Microsoft.DevTestLab/schedules/shutdown-computevm-{name}"
    url = f"{MANAGER}{place}?api-version=2018-09-15"
    headers = {
        "Authorization": "Bearer " + login["access_token"],
        "Content-Type": "application/json",
    }
    # As a whole: a PATCH changes nothing but tags (learn.microsoft.com/rest/api/dtl/schedules/update).
    schedule = json.loads(ask(url, headers))
    hour = (datetime.datetime.now(datetime.timezone.utc) + AHEAD).strftime("%H%M")
    schedule["properties"]["dailyRecurrence"] = {"time": hour}
    schedule["properties"]["timeZoneId"] = "UTC"
    kept = {key: schedule[key] for key in ("location", "tags", "properties") if key in schedule}
    ask(url, headers, "PUT", kept)
    print(f"Azure's daily shutdown is put off to {hour} UTC")


main()
