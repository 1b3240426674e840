"""What the bootstrap does on the machine: the power-off timer, the agent, and the end."""

import datetime
import hashlib
import importlib.util
import json
import os
import time
import unittest
import urllib.parse
from unittest import mock

from .machine import Case
from .sandbox import Sandbox
from .support import CLOUD_INIT

AGENT = b"#!/bin/sh\necho agent\n"
DIGEST = hashlib.sha256(AGENT).hexdigest()
DEADLINE = "/etc/systemd/system/train-poweroff.timer.d/deadline.conf"


class PowerOffTimer(Case):
    """arm: an absolute deadline, whatever happens."""

    def deadline(self):
        """The second the timer is set to."""
        line = self.box.path(DEADLINE).read_text().splitlines()[2]
        stamp = time.strptime(line, "OnCalendar=%Y-%m-%d %H:%M:%S UTC")
        return int(time.mktime(stamp)) - time.timezone

    def test_first_boot(self):
        self.box.settings(MAX_SECONDS=7200, FINAL_SYNC_SECONDS=600)
        before = int(time.time())
        self.box.run("bootstrap.sh", "arm")
        self.assertAlmostEqual(self.deadline(), before + 7800, delta=5)
        self.assertIn("systemctl restart --no-block train-poweroff.timer", self.box.calls())

    def test_a_reboot_does_not_move_it(self):
        self.box.settings()
        soon = int(time.time()) + 5000
        self.box.write("/etc/train/deadline", f"{soon}\n")
        self.box.run("bootstrap.sh", "arm")
        self.assertEqual(self.deadline(), soon)

    def test_a_boot_after_it_gets_the_grace_period_once(self):
        self.box.settings(FINAL_SYNC_SECONDS=600)
        self.box.write("/etc/train/deadline", "1000\n")
        before = int(time.time())
        self.box.run("bootstrap.sh", "arm")
        first = self.deadline()
        self.assertAlmostEqual(first, before + 600, delta=5)
        time.sleep(1.1)
        self.box.run("bootstrap.sh", "arm")
        self.assertEqual(self.deadline(), first)
        self.assertEqual(self.box.path("/etc/train/deadline").read_text(), "1000\n")

    def test_never(self):
        self.box.settings(MAX_SECONDS="")
        self.box.run("bootstrap.sh", "arm")
        self.assertFalse(self.box.path(DEADLINE).exists())
        self.assertEqual(self.box.calls("systemctl"), [])


class Fetch(Case):
    """The agent arrives whole, or not at all."""

    def fetched(self, status=0, **settings):
        """Runs the bootstrap for an agent in the server."""
        self.box.settings(AGENT_SHA256=DIGEST, **settings)
        return self.box.run("bootstrap.sh", status=status)

    def assert_started(self):
        """The agent is there, executable, and asked to start."""
        agent = self.box.path("/usr/local/bin/train-agent")
        self.assertEqual(agent.read_bytes(), AGENT)
        self.assertTrue(agent.stat().st_mode & 0o111)
        self.assertIn("systemctl start --no-block train-agent.service", self.box.calls())

    def google(self, *answers):
        """A metadata server and a bucket of Google's."""
        token = "/computeMetadata/v1/instance/service-accounts/default/token"
        self.server.answers[token] = (200, b'{"access_token":"T0K","expires_in":3599}')
        self.server.answers["/storage/v1/b/bucket/o/train-agent"] = list(answers)
        return {"AGENT_SOURCE": "gs://bucket/train-agent"}

    def test_google(self):
        self.fetched(**self.google((200, AGENT)))
        self.assert_started()
        ((_, _, headers),) = self.asked("/storage/v1/b/bucket/o/train-agent")
        self.assertEqual(headers["authorization"], "Bearer T0K")

    def test_retries_until_the_rights_arrive(self):
        self.fetched(**self.google((403, b""), (403, b""), (200, b"half"), (200, AGENT)))
        self.assertEqual(len(self.asked("/storage/v1/b/bucket/o/train-agent")), 4)
        self.assert_started()

    def test_another_agent_is_never_started(self):
        printed = self.fetched(status=1, **self.google(*[(200, b"evil")] * 20))
        self.assertIn("SHA-256 differs", printed)
        self.assertFalse(self.box.path("/usr/local/bin/train-agent").exists())
        self.assertNotIn("train-agent.service", str(self.box.calls("systemctl start")))

    def test_the_third_failure_powers_off(self):
        off = "systemctl start --no-block train-poweroff.service"
        for times in (1, 2, 3):
            self.fetched(status=1, **self.google(*[(403, b"")] * 20))
            self.assertEqual(off in self.box.calls(), times == 3)

    def test_nothing_is_fetched_twice(self):
        self.fetched(**self.google((200, AGENT)))
        self.fetched(**self.google())
        self.assertEqual(len(self.asked("/storage/v1/b/bucket/o/train-agent")), 1)

    def test_own_tool_first(self):
        self.box = Sandbox({"gsutil": 'printf %s "$CONTENT" > "$4"'})
        self.box.settings(AGENT_SHA256=DIGEST, AGENT_SOURCE="gs://bucket/train-agent")
        self.box.run("bootstrap.sh", CONTENT=AGENT.decode())
        self.assert_started()

    def test_azure(self):
        token, blob = "/metadata/identity/oauth2/token", "/code/train-agent"
        self.server.answers[token] = (200, b'{"access_token":"T0K","resource":"x"}')
        self.server.answers[blob] = (200, AGENT)
        self.fetched(CLOUD="azure", AGENT_SOURCE=self.url + blob, IDENTITY="/subscriptions/s/id")
        self.assert_started()
        ((_, url, headers),) = self.asked(token)
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
        self.assertEqual(query["msi_res_id"], ["/subscriptions/s/id"])
        self.assertEqual(headers["metadata"], "true")
        ((_, _, headers),) = self.asked(blob)
        self.assertEqual(headers["authorization"], "Bearer T0K")

    def test_azure_needs_an_rclone_that_knows_identities(self):
        for version, status in (("1.53.3-DEV", 1), ("1.54.0", 0), ("1.74.2", 0)):
            self.box.write("/usr/local/bin/train-agent", AGENT.decode())
            self.box.path("/usr/local/bin/train-agent").chmod(0o755)
            self.box.settings(CLOUD="azure", AGENT_SHA256=DIGEST)
            printed = self.box.run("bootstrap.sh", status=status, RCLONE=version)
            self.assertEqual("knows no identities" in printed, status == 1, printed)

    def amazon(self):
        """Runs the bootstrap on EC2 without the aws command; the URL it signed."""
        roles = "/latest/meta-data/iam/security-credentials/"
        login = b'{"AccessKeyId":"AKIA","SecretAccessKey":"s3cr3t","Token":"se/ss+ion=="}'
        self.server.answers["/latest/api/token"] = (200, b"IMDS")
        self.server.answers[roles] = (200, b"role\n")
        self.server.answers[roles + "role"] = (200, login)
        self.server.answers["/train-agent"] = (200, AGENT)
        self.fetched(CLOUD="aws", REGION="us-east-1", AGENT_SOURCE="s3://bucket/train-agent")
        ((_, _, headers),) = self.asked(roles + "role")
        self.assertEqual(headers["x-aws-ec2-metadata-token"], "IMDS")
        ((_, url, _),) = self.asked("/train-agent")
        return url

    def test_amazon(self):
        self.amazon()
        self.assert_started()

    @unittest.skipUnless(importlib.util.find_spec("botocore"), "botocore is not installed")
    def test_amazon_signature(self):
        from botocore import auth, awsrequest, credentials

        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.amazon()).query))
        stamp = datetime.datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
        login = credentials.Credentials("AKIA", "s3cr3t", "se/ss+ion==")
        signer = auth.S3SigV4QueryAuth(login, "s3", "us-east-1", expires=300)
        bucket = "https://bucket.s3.us-east-1.amazonaws.com"
        request = awsrequest.AWSRequest("GET", bucket + "/train-agent")
        with mock.patch("botocore.auth.get_current_datetime", lambda *a, **k: stamp, create=True), \
                mock.patch("botocore.auth.datetime") as clock:  # fmt: skip
            clock.datetime.utcnow.return_value = stamp
            signer.add_auth(request)
        theirs = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(request.url).query))
        self.assertEqual(query, theirs)


class Packages(Case):
    """Nothing exchanges the driver under a training."""

    def test_upgrades_are_masked_and_the_driver_is_held(self):
        driver = "ii nvidia-driver-580\\nrc nvidia-old\\nii libnvidia-compute-580\\n"
        fakes = {"apt-get": "", "apt-mark": "", "dpkg-query": f'printf "{driver}"'}
        self.box = Sandbox(fakes, server=self.url)
        self.box.settings(AGENT_SHA256=DIGEST, AGENT_SOURCE="gs://bucket/train-agent")
        self.box.run("bootstrap.sh", status=1)
        calls = self.box.calls()
        units = "apt-daily-upgrade.timer apt-daily.service apt-daily-upgrade.service"
        masked = next(call for call in calls if call.startswith("systemctl mask --runtime"))
        stopped = next(call for call in calls if call.startswith("systemctl stop --no-block"))
        self.assertLess(calls.index(masked), calls.index(stopped))
        self.assertIn(units, masked)
        self.assertIn(units, stopped)
        self.assertIn("apt-mark hold nvidia-driver-580 libnvidia-compute-580", calls)


class PowerOff(Case):
    """The end of the agent's unit, and Azure's way of being off."""

    OFF = ["systemctl start --no-block train-poweroff.service"]

    def after(self, result, state="running"):
        """What is started after the agent has ended so."""
        script = (CLOUD_INIT / "agent-stopped.sh").read_text()
        self.box.run_text(script, "sh", SERVICE_RESULT=result, STATE=state)
        return self.box.calls("systemctl start")

    def test_after_the_last_word(self):
        for result in ("success", "exit-code"):
            self.assertEqual(self.after(result), self.OFF)

    def test_not_after_a_crash(self):
        for result in ("signal", "core-dump", "oom-kill"):
            self.assertEqual(self.after(result), [])

    def test_a_reboot_stays_one(self):
        self.assertEqual(self.after("success", state="stopping"), [])

    def test_deallocate(self):
        machine = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/m"
        deallocate = machine + "/deallocate"
        self.server.answers["/metadata/instance/compute/resourceId"] = (200, machine.encode())
        token = b'{"access_token":"T0K"}'
        self.server.answers["/metadata/identity/oauth2/token"] = (200, token)
        self.server.answers[deallocate] = [(403, b""), (500, b""), (202, b"")]
        self.box.settings(CLOUD="azure", IDENTITY="/subscriptions/s/id")
        printed = self.box.run("deallocate.sh")
        self.assertIn("attempt 2 failed; until one succeeds this machine goes on billing", printed)
        asked = self.asked(deallocate)
        self.assertEqual([method for method, _, _ in asked], ["POST"] * 3)
        self.assertEqual(asked[0][2]["authorization"], "Bearer T0K")

    def test_deallocation_is_tried_without_end(self):
        place = "/metadata/instance/compute/resourceId"
        self.server.answers[place] = [(500, b"")] * 130 + [(200, b"/machine")]
        self.server.answers["/metadata/identity/oauth2/token"] = (200, b'{"access_token":"T0K"}')
        self.server.answers["/machine/deallocate"] = (202, b"")
        self.box.settings(CLOUD="azure", IDENTITY="/subscriptions/s/id")
        self.box.run("deallocate.sh")
        self.assertEqual(len(self.asked("/machine/deallocate")), 1)
        waits = [int(call.split()[1]) for call in self.box.calls("sleep")]
        self.assertEqual(waits[:7], [15, 30, 60, 120, 240, 300, 300])
        self.assertEqual(len(waits), 130)

    SCHEDULE = {
        "id": "x",
        "location": "eastus",
        "tags": {"run": "r"},
        "properties": {
            "status": "Enabled",
            "taskType": "ComputeVmShutdownTask",
            "dailyRecurrence": {"time": "0315"},
            "timeZoneId": "UTC",
            "targetResourceId": "/machine",
        },
    }

    def put_off(self, age, status=0):
        """Runs the script on a machine whose agent wrote its status `age` seconds ago."""
        group = "/subscriptions/s/resourceGroups/g"
        machine = group + "/providers/Microsoft.Compute/virtualMachines/m"
        place = group + "/providers/Microsoft.DevTestLab/schedules/shutdown-computevm-m"
        self.server.answers["/metadata/instance/compute/resourceId"] = (200, machine.encode())
        self.server.answers["/metadata/identity/oauth2/token"] = (200, b'{"access_token":"T0K"}')
        self.server.answers[place] = [(200, json.dumps(self.SCHEDULE).encode()), (200, b"{}")]
        self.box.settings(CLOUD="azure", IDENTITY="/subscriptions/s/id")
        self.box.write("/var/lib/train/work/run/status.json", "{}")
        past = time.time() - age
        os.utime(self.box.path("/var/lib/train/work/run/status.json"), (past, past))
        text = (CLOUD_INIT / "put-off-shutdown.py").read_text()
        self.box.run_text(text, "python3", status=status)
        return [(one, body) for one, body in zip(self.server.asked, self.server.bodies)
                if one[1].startswith(place)]  # fmt: skip

    def test_the_daily_shutdown_is_put_off_by_a_living_agent(self):
        (_, _), ((method, url, headers), body) = self.put_off(age=60)
        self.assertEqual((method, url.split("?")[1]), ("PUT", "api-version=2018-09-15"))
        self.assertEqual(headers["authorization"], "Bearer T0K")
        sent = json.loads(body)
        # All of it, or Azure forgets the labels and the machine
        self.assertEqual(sent["tags"], {"run": "r"})
        self.assertEqual(sent["properties"]["targetResourceId"], "/machine")
        hour, minute = divmod(int(sent["properties"]["dailyRecurrence"]["time"]), 100)
        now = datetime.datetime.now(datetime.timezone.utc)
        ahead = (hour * 60 + minute - now.hour * 60 - now.minute) % 1440
        self.assertIn(ahead, (23 * 60 - 1, 23 * 60, 23 * 60 + 1))

    def test_the_daily_shutdown_stays_where_the_agent_is_dead(self):
        self.assertEqual(self.put_off(age=3600, status=1), [])

    def test_a_failed_deallocation_does_not_power_off(self):
        drop_in = (CLOUD_INIT / "train-deallocate.conf").read_text()
        self.assertIn("\nFailureAction=none\n", drop_in)
        self.assertIn("\nTimeoutStartSec=infinity\n", drop_in)
