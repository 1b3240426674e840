"""The metadata servers' rules, and the network's servers, without a machine."""

from __future__ import annotations

import json
import struct
import threading
import time
import unittest
from email.utils import parsedate_to_datetime
from typing import Any

from machine import clouds, dhcp, names
from machine.metadata.amazon import AmazonMetadata
from machine.metadata.azure import AzureMetadata
from machine.metadata.google import GoogleMetadata
from machine.metadata.http import Request
from machine.network import CLOUD, MACHINE, METADATA

FLAVOR = {"metadata-flavor": "Google"}
INSTANCE = "/computeMetadata/v1/instance"


class Google(unittest.TestCase):
    """https://cloud.google.com/compute/docs/metadata/querying-metadata"""

    def setUp(self) -> None:
        self.server = GoogleMetadata({"user-data": "text", "a-key": "1"}, "name", "token")

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        answer = self.server.answer(Request("GET", INSTANCE + path, FLAVOR | headers))
        return answer.status, answer.body.decode()

    def test_the_header_is_wanted(self) -> None:
        self.assertEqual(self.server.answer(Request("GET", INSTANCE + "/id", {})).status, 403)

    def test_anybody_may_ask_whether_this_is_google(self) -> None:
        answer = self.server.answer(Request("GET", "/", {}))
        self.assertEqual((answer.status, answer.headers["Metadata_Flavor"]), (200, "Google"))

    def test_values_and_folders(self) -> None:
        self.assertEqual(self.get("/attributes/user-data"), (200, "text"))
        self.assertEqual(self.get("/attributes/"), (200, "user-data\na-key\n"))
        self.assertEqual(self.get("/attributes/other")[0], 404)

    def test_json_is_camel_case_but_for_attributes(self) -> None:
        told = json.loads(self.get("/?recursive=true")[1])
        self.assertEqual(told["machineType"], "projects/1/machineTypes/n1-standard-2")
        self.assertEqual(told["attributes"]["a-key"], "1")

    def test_the_account_has_a_token(self) -> None:
        told = json.loads(self.get("/service-accounts/default/token")[1])
        self.assertEqual((told["access_token"], told["token_type"]), ("token", "Bearer"))

    def test_a_change_can_be_waited_for(self) -> None:
        query = "/preempted?wait_for_change=true&timeout_sec=20&last_etag=1"
        timer = threading.Timer(0.1, self.server.set, ("instance/preempted", "TRUE"))
        timer.start()
        self.assertEqual(self.get(query), (200, "TRUE"))

    def test_guest_attributes_must_be_allowed(self) -> None:
        put = Request("PUT", INSTANCE + "/guest-attributes/space/key", FLAVOR, b"value")
        self.assertEqual(self.server.answer(put).status, 403)
        self.server.set("instance/attributes/enable-guest-attributes", "TRUE")
        self.assertEqual(self.server.answer(put).status, 200)
        self.assertEqual(self.get("/guest-attributes/space/key"), (200, "value"))


class Amazon(unittest.TestCase):
    """IMDSv2 only, as the machines are made."""

    def setUp(self) -> None:
        self.server = AmazonMetadata(b"\x1f\x8bpacked", "us-east-1", "run", {"Token": "secret"})

    def ask(self, path: str, token: str | None, method: str = "GET") -> tuple[int, bytes]:
        headers = {"x-aws-ec2-metadata-token": token} if token else {}
        answer = self.server.answer(Request(method, "/latest/" + path, headers))
        return answer.status, answer.body

    def token(self, **headers: str) -> tuple[int, str]:
        answer = self.server.answer(Request("PUT", "/latest/api/token", headers))
        return answer.status, answer.body.decode()

    def test_nothing_without_a_token(self) -> None:
        self.assertEqual(self.ask("meta-data/instance-id", None)[0], 401)
        self.assertEqual(self.ask("user-data", "made-up")[0], 401)

    def test_tokens_have_rules(self) -> None:
        seconds = "x-aws-ec2-metadata-token-ttl-seconds"
        self.assertEqual(self.token()[0], 400)
        self.assertEqual(self.token(**{seconds: "21601"})[0], 400)
        self.assertEqual(self.token(**{seconds: "60", "x-forwarded-for": "10.0.0.1"})[0], 403)
        self.assertEqual(self.token(**{seconds: "60"})[0], 200)

    def test_with_a_token(self) -> None:
        token = self.token(**{"x-aws-ec2-metadata-token-ttl-seconds": "60"})[1]
        self.assertEqual(self.ask("user-data", token), (200, b"\x1f\x8bpacked"))
        role = "meta-data/iam/security-credentials/"
        self.assertEqual(self.ask(role, token), (200, b"run"))
        self.assertEqual(json.loads(self.ask(role + "run", token)[1])["Token"], "secret")
        self.assertEqual(self.ask("meta-data/spot/instance-action", token)[0], 404)
        self.server.preempt(120)
        status, body = self.ask("meta-data/spot/instance-action", token)
        self.assertEqual((status, json.loads(body)["action"]), (200, "stop"))


class Azure(unittest.TestCase):
    """https://learn.microsoft.com/azure/virtual-machines/linux/scheduled-events"""

    TARGET = "/metadata/scheduledevents?api-version=2020-07-01"

    def setUp(self) -> None:
        self.server = AzureMetadata("identity", "token")

    def document(self) -> dict[str, Any]:
        answer = self.server.answer(Request("GET", self.TARGET, {"metadata": "true"}))
        self.assertEqual(answer.status, 200)
        return json.loads(answer.body)

    def test_the_header_is_wanted(self) -> None:
        self.assertEqual(self.server.answer(Request("GET", self.TARGET, {})).status, 400)

    def test_an_eviction_is_an_event(self) -> None:
        before = self.document()
        self.assertEqual(before["Events"], [])
        self.server.preempt(30)
        after = self.document()
        self.assertGreater(after["DocumentIncarnation"], before["DocumentIncarnation"])
        event = after["Events"][0]
        self.assertEqual((event["EventType"], event["Resources"]), ("Preempt", ["run"]))
        left = parsedate_to_datetime(event["NotBefore"]).timestamp() - time.time()
        self.assertAlmostEqual(left, 30, delta=5)


class Network(unittest.TestCase):
    """The name server and DHCP."""

    @staticmethod
    def asked(name: str) -> bytes:
        labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
        return b"\x12\x34\x01\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\1\0\1"

    def address(self, name: str) -> str | None:
        reply = names.answer(self.asked(name), ["storage.googleapis.com", "*.amazonaws.com"])[1]
        return ".".join(map(str, reply[-4:])) if struct.unpack(">H", reply[6:8])[0] else None

    def test_names(self) -> None:
        self.assertEqual(self.address("metadata.google.internal"), METADATA)
        self.assertEqual(self.address("storage.googleapis.com"), CLOUD)
        self.assertEqual(self.address("b.s3.us-east-1.amazonaws.com"), CLOUD)
        self.assertIsNone(self.address("example.com"))

    def test_lease(self) -> None:
        head = b"\1\1\6\0abcd" + bytes(20) + bytes.fromhex("525400123456") + bytes(202)
        packet = head + b"\x63\x82\x53\x63" + bytes([53, 1, 1, 255])
        reply = dhcp.answer(packet) or b""
        self.assertEqual(reply[4:8], b"abcd")
        self.assertEqual(".".join(map(str, reply[16:20])), MACHINE)
        self.assertEqual(dhcp.message_type(reply), 2)
        self.assertIsNone(dhcp.answer(b"short"))

    def test_firmware_says_which_cloud(self) -> None:
        google = " ".join(clouds.smbios(clouds.CLOUDS["gce"]))
        self.assertIn("product=Google Compute Engine", google)
        amazon = " ".join(clouds.smbios(clouds.CLOUDS["ec2"]))
        self.assertIn("serial=ec2aabbc", amazon)
        self.assertIn("uuid=ec2aabbc", amazon)
