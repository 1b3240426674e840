"""A certificate authority that the images trust, and certificates for the cloud's names."""

from __future__ import annotations

import os
import subprocess

CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def openssl(*arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr.strip()[-500:]}")


class Authority:
    """Made for one machine, known to that machine alone."""

    def __init__(self, folder: str) -> None:
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.certificate = os.path.join(folder, "authority.pem")
        self._key = os.path.join(folder, "authority.key")
        openssl(
            "req", "-x509", *CURVE, "-days", "30", "-subj", "/CN=Test cloud",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
            "-keyout", self._key, "-out", self.certificate,
        )  # fmt: skip

    def issue(self, names: list[str]) -> tuple[str, str]:
        """One certificate for these names (`*.` is good for one label): its path and its key's."""
        certificate = os.path.join(self.folder, "cloud.pem")
        key = os.path.join(self.folder, "cloud.key")
        alternatives = ",".join(f"DNS:{name}" for name in names)
        openssl(
            "req", "-x509", *CURVE, "-days", "30", "-subj", "/CN=Test cloud's services",
            "-addext", f"subjectAltName={alternatives}",
            "-addext", "basicConstraints=critical,CA:FALSE",
            "-addext", "extendedKeyUsage=serverAuth",
            "-CA", self.certificate, "-CAkey", self._key,
            "-keyout", key, "-out", certificate,
        )  # fmt: skip
        return certificate, key
