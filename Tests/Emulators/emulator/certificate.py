"""Keys and certificates for one run, made by openssl."""

from __future__ import annotations

import os
import subprocess


def openssl(*arguments: str, data: bytes = b"") -> bytes:
    done = subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr.decode()}")
    return done.stdout


LOOPBACK = ["DNS:localhost", "IP:127.0.0.1"]


def make(folder: str, names: list[str] = LOOPBACK) -> tuple[str, str]:
    """A certificate that signs itself: its path and its key's."""
    os.makedirs(folder, exist_ok=True)
    certificate, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    openssl(
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "7", "-subj", "/CN=localhost",
        "-addext", "subjectAltName=" + ",".join(names),
        "-keyout", key, "-out", certificate,
    )  # fmt: skip
    return certificate, key


def private_key() -> str:
    """A new RSA key in PEM, as Google's key files hold it."""
    return openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048").decode()


def modulus(key: str) -> int:
    """The public number of an RSA key; the exponent is 65537."""
    printed = openssl("rsa", "-noout", "-modulus", data=key.encode()).decode()
    return int(printed.strip().removeprefix("Modulus="), 16)
