"""Who may: anyone, who has one bearer token, or who proved to hold the service account's key."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
from urllib.parse import parse_qs

from ..emulator import certificate
from ..emulator.store import Refusal

ACCOUNT = "trainer@test-project.iam.gserviceaccount.com"
SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")


class BadGrant(Refusal):
    """What OAuth answers to a wrong key: 400, not 401."""

    def __init__(self, description: str) -> None:
        super().__init__(400, description, "invalid_grant")


class Access:
    """The tokens that are valid, and the key that gets new ones."""

    def __init__(self, token: str | None) -> None:
        self.key_file: str | None = None
        self._fixed = token
        self._issued: set[str] = set()
        self._modulus = 0

    def make_key(self, folder: str, token_uri: str) -> None:
        """Writes key.json, and wrong_key.json: the same account, but not its key."""
        for name in ("key.json", "wrong_key.json"):
            private = certificate.private_key()
            path = os.path.join(folder, name)
            with open(path, "w", encoding="utf-8") as file:
                json.dump(key_json(private, token_uri), file, indent=1)
            if name == "key.json":
                self.key_file, self._modulus = path, certificate.modulus(private)

    def expire(self) -> None:
        self._issued.clear()

    def check(self, authorization: str) -> None:
        if not self._fixed and not self._modulus:
            return
        token = authorization.removeprefix("Bearer ")
        if token != self._fixed and token not in self._issued:
            raise Refusal(401, "Invalid Credentials")

    def grant(self, form: bytes) -> dict[str, object]:
        """POST /token: a signed assertion in, a bearer token out."""
        assertion = parse_qs(form.decode()).get("assertion", [""])[0]
        if self._modulus and not self._signed(assertion):
            raise BadGrant("Invalid JWT Signature.")
        token = self._fixed or "token-" + secrets.token_hex(12)
        self._issued.add(token)
        return {"access_token": token, "expires_in": 3600, "token_type": "Bearer"}

    def _signed(self, assertion: str) -> bool:
        """RS256: the signature, taken to the public exponent, is the padded SHA-256."""
        signed, _, signature = assertion.rpartition(".")
        number = int.from_bytes(base64.urlsafe_b64decode(signature + "=="), "big")
        size = (self._modulus.bit_length() + 7) // 8
        digest = SHA256_PREFIX + hashlib.sha256(signed.encode()).digest()
        padded = b"\0\1" + b"\xff" * (size - len(digest) - 3) + b"\0" + digest
        return pow(number, 65537, self._modulus).to_bytes(size, "big") == padded


def key_json(private_key: str, token_uri: str) -> dict[str, str]:
    return {
        "type": "service_account",
        "project_id": "test-project",
        "private_key_id": secrets.token_hex(20),
        "private_key": private_key,
        "client_email": ACCOUNT,
        "client_id": "100000000000000000001",
        "auth_uri": token_uri.replace("/token", "/auth"),
        "token_uri": token_uri,
    }
