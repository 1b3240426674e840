"""The Google emulator with the real gsutil, gcloud storage and rclone."""

from __future__ import annotations

import json
import os
import unittest
import zlib

from ..emulator.hashes import Hasher
from .support import EmulatorTest, needs, noise

BIG = noise(20_000_000)


class GoogleTest(EmulatorTest):
    program = "google"
    arguments = ("--tls-port", "0")

    def url(self, path: str = "") -> str:
        return f"gs://{self.bucket}/{path}"


@needs("gsutil")
class Gsutil(GoogleTest):
    def test_rsync_brings_every_name_up_and_down_and_then_is_quiet(self) -> None:
        tree = self.write_nasty_tree("up")
        rsync = ["gsutil", "-m", "-q", "rsync", "-r", "-c"]
        self.run_client(*rsync, "up", self.url("run/output"))
        self.assert_stored(tree, "run/output/")
        self.emulator.requests()
        self.run_client(*rsync, "up", self.url("run/output"))
        self.assertEqual(self.emulator.requests("POST", "PUT", "PATCH"), [])
        os.mkdir(self.path("down"))
        self.run_client(*rsync, self.url("run/output"), "down")
        self.assertEqual(self.read_tree("down"), tree)

    def test_upload_survives_503_and_goes_on_where_it_was_cut(self) -> None:
        self.write("big.bin", BIG)
        self.emulator.post("fail", {"match": "^POST .*uploadType=resumable", "status": 503})
        fault = {"match": "^PUT .*upload_id", "after": 9_000_000}
        self.emulator.post("fail", fault)
        self.run_client("gsutil", "-q", "cp", "big.bin", self.url("big.bin"))
        self.assertEqual(self.emulator.data(self.bucket, "big.bin"), BIG)
        puts = [one for one in self.emulator.requests("PUT") if one["received"]]
        starts = [int(one["content_range"].split()[1].split("-")[0]) for one in puts]
        self.assertEqual(starts[0], 0)
        self.assertGreaterEqual(starts[1], 8_000_000)
        self.assertLess(sum(one["received"] for one in puts), 22_000_000)

    def test_listing_has_all_pages_and_right_hashes(self) -> None:
        self.emulator.put_many(self.bucket, [f"many/{number:04}" for number in range(1005)])
        self.emulator.put(self.bucket, "many/last", b"123456789")
        listing = self.run_client("gsutil", "ls", "-L", self.url("many/**")).stdout
        self.assertEqual(listing.count("\ngs://"), 1005)
        self.assertIn("TOTAL: 1006 objects, 9 bytes", listing)
        block = listing.split(self.url("many/last") + ":\n")[1]
        self.assertRegex(block, r"Hash \(crc32c\): +4waSgw==\n")
        self.assertRegex(block, r"Hash \(md5\): +JfnnlDI7RTiF9RgfG2JNCw==\n")


class WithKey(GoogleTest):
    """Only the service account whose key is in key.json may."""

    arguments = ("--tls-port", "0", "--access", "key")

    def file(self, name: str) -> str:
        return os.path.join(self.emulator.folder, name)

    @needs("gsutil")
    def test_gsutil_with_right_and_wrong_key(self) -> None:
        self.write("a", b"secret")
        self.run_client("gsutil", "-q", "cp", "a", self.url("a"))
        self.assertEqual(self.emulator.data(self.bucket, "a"), b"secret")
        self.assertTrue(self.emulator.requests()[-1]["authorization"].startswith("Bearer token-"))
        wrong = self.file("boto.wrong.cfg")
        failed = self.run_client("gsutil", "-q", "cp", "a", self.url("b"), fails=True,
                                 BOTO_CONFIG=wrong, CLOUDSDK_CONFIG=self.path("sdk"))  # fmt: skip
        self.assertIn("credentials are invalid", failed.stderr)
        self.assertEqual(list(self.emulator.objects(self.bucket)), ["a"])

    @needs("rclone")
    def test_rclone_gets_a_new_token_when_the_old_one_expired(self) -> None:
        self.write("up/a", b"secret")
        self.run_client("rclone", "copy", "up", f"TRAINGS:{self.bucket}")
        self.emulator.post("expire", {})
        self.run_client("rclone", "copy", "up", f"TRAINGS:{self.bucket}/again")
        wrong = self.file("wrong_key.json")
        failed = self.run_client("rclone", "--retries", "1", "--low-level-retries", "1", "copy",
                                 "up", f"TRAINGS:{self.bucket}/not", fails=True,
                                 RCLONE_GCS_SERVICE_ACCOUNT_FILE=wrong,
                                 RCLONE_CONFIG_TRAINGS_SERVICE_ACCOUNT_FILE=wrong)  # fmt: skip
        self.assertIn("Invalid JWT Signature", failed.stderr)
        self.assertEqual(list(self.emulator.objects(self.bucket)), ["a", "again/a"])


@needs("gcloud")
class Gcloud(GoogleTest):
    def test_up_list_and_down(self) -> None:
        tree = self.write_nasty_tree("up")
        storage = ["gcloud", "storage", "--no-user-output-enabled"]
        self.run_client(*storage, "cp", "-r", "up", self.url("run"))
        self.assert_stored(tree, "run/")
        os.mkdir(self.path("down"))
        self.run_client(*storage, "cp", "-r", self.url("run"), "down")
        self.assertEqual(self.read_tree("down/run"), tree)
        command = ["gcloud", "storage", "objects", "list", self.url("run/**")]
        listing = self.run_client(*command, "--format=json(name,size,crc32c_hash)").stdout
        found = {entry["name"]: entry["crc32c_hash"] for entry in json.loads(listing)}
        wanted = {}
        for name, data in tree.items():
            hasher = Hasher()
            hasher.update(data)
            wanted[f"run/{name}"] = hasher.crc32c
        self.assertEqual(found, wanted)


@needs("rclone")
class Rclone(GoogleTest):
    def remote(self, path: str = "") -> str:
        return f"TRAINGS:{self.bucket}/{path}"

    def test_every_name_goes_up_and_down_and_then_it_is_quiet(self) -> None:
        tree = self.write_nasty_tree("up") | {"ends#123": b"no generation"}
        self.write("up/ends#123", b"no generation")
        self.run_client("rclone", "copy", "up", self.remote("run"))
        self.assert_stored(tree, "run/")
        self.emulator.requests()
        self.run_client("rclone", "copy", "up", self.remote("run"))
        self.assertEqual(self.emulator.requests("POST", "PUT", "PATCH"), [])
        self.run_client("rclone", "copy", f":gcs:{self.bucket}/run", "down")
        self.assertEqual(self.read_tree("down"), tree)

    def test_big_file_503_cut_and_spoilt(self) -> None:
        self.write("up/big.bin", BIG)
        self.emulator.post("fail", {"match": "^PUT .*upload_id", "after": 9_000_000})
        self.emulator.post("fail", {"match": "^GET .*/o[?]", "status": 503})
        self.run_client("rclone", "copy", "up", self.remote())
        self.assertEqual(zlib.crc32(self.emulator.data(self.bucket, "big.bin")), zlib.crc32(BIG))
        self.emulator.post("fail", {"match": "alt=media", "corrupt": True, "times": 9})
        failed = self.run_client("rclone", "copy", self.remote(), "down", fails=True)
        self.assertIn("corrupted on transfer", failed.stderr)

    def test_listing_has_all_pages(self) -> None:
        self.emulator.put_many(self.bucket, [f"many/{number:04}" for number in range(1005)])
        listing = self.run_client("rclone", "lsf", self.remote("many")).stdout
        self.assertEqual(len(listing.splitlines()), 1005)


if __name__ == "__main__":
    unittest.main()
