"""EC2's metadata server, version 2 only: without a token from a PUT it answers 401."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

from machine.metadata.http import Answer, Request, dig, put, text
from machine.network import MAC, MACHINE

INSTANCE = "i-0abcdef1234567890"
# The dated versions that cloud-init asks for.
VERSIONS = ("latest", "2021-03-23", "2018-09-24", "2016-09-02", "2009-04-04")
LONGEST_SECONDS = 21600


def tree(role: str, login: dict[str, str], region: str) -> dict[str, Any]:
    """All there is to know about a small machine with that role."""
    hostname = f"ip-{MACHINE.replace('.', '-')}.ec2.internal"
    card = {
        "device-number": "0", "interface-id": "eni-1", "local-ipv4s": MACHINE, "mac": MAC,
        "subnet-ipv4-cidr-block": "10.0.2.0/24",
    }  # fmt: skip
    meta_data = {
        "ami-id": "ami-1", "ami-launch-index": "0", "instance-id": INSTANCE,
        "instance-type": "m5.large", "hostname": hostname, "local-hostname": hostname,
        "local-ipv4": MACHINE, "mac": MAC, "public-keys": {}, "security-groups": "default",
        "placement": {"availability-zone": f"{region}a", "region": region},
        "network": {"interfaces": {"macs": {MAC: card}}}, "reservation-id": "r-1",
        "iam": {"security-credentials": {role: json.dumps(login)}},
    }  # fmt: skip
    document = json.dumps({"region": region, "instanceId": INSTANCE})
    return {"meta-data": meta_data, "dynamic": {"instance-identity": {"document": document}}}


class AmazonMetadata:
    """User data, the role's credentials, the spot notice once it is set."""

    def __init__(self, user_data: bytes, region: str, role: str, login: dict[str, str]) -> None:
        expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 6 * 3600))
        login = {"Code": "Success", "Type": "AWS-HMAC", "Expiration": expires, **login}
        self._tree = tree(role, login, region)
        self._user_data = user_data
        self._tokens: set[str] = set()

    def set(self, path: str, value: str) -> None:
        put(self._tree, path, value)

    def preempt(self, notice_seconds: float) -> None:
        """What a machine is told whose spot request says stop."""
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + notice_seconds))
        action = json.dumps({"action": "stop", "time": at})
        self.set("meta-data/spot/instance-action", action)

    def answer(self, request: Request) -> Answer:
        if request.path == "/latest/api/token":
            return self._make_token(request)
        if request.headers.get("x-aws-ec2-metadata-token") not in self._tokens:
            return text("", 401)
        version, *parts = [part for part in request.path.split("/") if part] or [""]
        if not version:
            return text("\n".join(VERSIONS))
        if request.method != "GET" or version not in VERSIONS:
            return text("", 404)
        if parts == ["user-data"]:
            return Answer(200, self._user_data) if self._user_data else text("", 404)
        value = dig(self._tree, parts)
        if isinstance(value, dict):
            lines = [key + ("/" if isinstance(below, dict) else "") for key, below in value.items()]
            return text("\n".join(lines))
        return text("", 404) if value is None else text(value)

    def _make_token(self, request: Request) -> Answer:
        seconds = request.headers.get("x-aws-ec2-metadata-token-ttl-seconds", "")
        if request.method != "PUT" or not seconds.isdigit():
            return text("", 400 if request.method == "PUT" else 405)
        if not 1 <= int(seconds) <= LONGEST_SECONDS or "x-forwarded-for" in request.headers:
            return text("", 403 if "x-forwarded-for" in request.headers else 400)
        token = secrets.token_urlsafe(40)
        self._tokens.add(token)
        return text(token, X_Aws_Ec2_Metadata_Token_Ttl_Seconds=seconds)
