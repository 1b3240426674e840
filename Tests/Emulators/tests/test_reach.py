"""A role that reaches one prefix of a bucket: what each tool asks for to list and read it."""

from __future__ import annotations

import importlib.util
import os
import unittest

from .support import EmulatorTest, needs, request

HAS_MOTO = importlib.util.find_spec("moto") is not None
TREE = {"a.bin": b"one", "deep/er/b.bin": b"two"}
PREFIX = "sets/beer"


class Reach(EmulatorTest):
    """The dataset, and beside it what is nobody else's business."""

    def fill(self) -> None:
        for name, data in TREE.items():
            self.emulator.put(self.bucket, f"{PREFIX}/{name}", data)
        for name in ("sets/beer-private/secret", "sets/other", "top"):
            self.emulator.put(self.bucket, name, b"secret")
        self.emulator.post("reach", {"bucket": self.bucket, "prefix": PREFIX})

    def check(self, lister: list[str], reader: list[str], private: list[str]) -> None:
        """Lists and reads the dataset with one tool; `private` is what the role must not cover."""
        self.fill()
        listing = self.run_client(*lister).stdout
        for name in TREE:
            self.assertIn(name, listing)
        os.makedirs(self.path("down"))
        self.run_client(*reader)
        self.assertEqual(self.read_tree("down"), TREE)
        self.run_client(*private, fails=True)


class Google(Reach):
    program = "google"
    arguments = ("--tls-port", "0")

    def url(self, path: str) -> str:
        return f"gs://{self.bucket}/{path}"

    @needs("gsutil")
    def test_gsutil(self) -> None:
        url = self.url(PREFIX)
        self.check(
            ["gsutil", "ls", "-L", url + "/**"],
            ["gsutil", "-m", "-q", "rsync", "-r", "-c", url, "down"],
            ["gsutil", "cp", self.url("sets/beer-private/secret"), "down"],
        )

    @needs("gcloud")
    def test_gcloud_asks_for_more_than_the_folder(self) -> None:
        """So `train start` grants all of the bucket where this tool was chosen."""
        self.fill()
        os.makedirs(self.path("down"))
        rsync = ["gcloud", "storage", "rsync", "-r", "--checksums-only"]
        done = self.run_client(*rsync, self.url(PREFIX), "down", fails=True)
        self.assertIn("no storage.objects.get access to sets/beer", done.stderr)

    @needs("rclone")
    def test_rclone(self) -> None:
        remote = f"TRAINGS:{self.bucket}/{PREFIX}"
        self.check(
            ["rclone", "lsjson", "-R", "--files-only", remote],
            ["rclone", "copy", remote, "down"],
            ["rclone", "lsjson", remote + "-private"],
        )


class Azure(Reach):
    program = "azure"
    bucket = "container-of-tests"

    @needs("rclone")
    def test_rclone(self) -> None:
        remote = f"TRAINAZ:{self.bucket}/{PREFIX}"
        self.check(
            ["rclone", "lsjson", "-R", "--files-only", remote],
            ["rclone", "copy", remote, "down"],
            ["rclone", "lsjson", remote + "-private"],
        )


@unittest.skipUnless(HAS_MOTO, "moto is not installed here (amazon/requirements.txt)")
class Amazon(Reach):
    program = "amazon"

    def setUp(self) -> None:
        self.emulator.post("reset", {})
        request("POST", f"{self.emulator.address}/moto-api/reset", b"")
        request("PUT", f"{self.emulator.address}/{self.bucket}", b"")
        self.make_folder()

    def fill(self) -> None:
        objects = {f"{PREFIX}/{name}": data for name, data in TREE.items()}
        for name in ("sets/beer-private/secret", "sets/other", "top"):
            objects[name] = b"secret"
        kind = {"Content-Type": "application/octet-stream"}
        for name, data in objects.items():
            request("PUT", f"{self.emulator.address}/{self.bucket}/{name}", data, kind)
        self.emulator.post("reach", {"bucket": self.bucket, "prefix": PREFIX})

    @needs("aws")
    def test_aws(self) -> None:
        url = f"s3://{self.bucket}/{PREFIX}"
        self.check(
            ["aws", "s3api", "list-objects-v2", "--bucket", self.bucket, "--prefix", PREFIX + "/"],
            ["aws", "s3", "sync", "--exact-timestamps", "--only-show-errors", url + "/", "down"],
            ["aws", "s3", "cp", f"s3://{self.bucket}/sets/beer-private/secret", "down"],
        )

    @needs("rclone")
    def test_rclone(self) -> None:
        remote = f"TRAINS3:{self.bucket}/{PREFIX}"
        self.check(
            ["rclone", "lsjson", "-R", "--files-only", "--use-server-modtime", remote],
            ["rclone", "copy", "--use-server-modtime", remote, "down"],
            ["rclone", "lsjson", remote + "-private"],
        )


if __name__ == "__main__":
    unittest.main()
