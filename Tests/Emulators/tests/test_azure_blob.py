"""The Azure emulator with the real rclone, and what it must refuse."""

from __future__ import annotations

import base64
import os
import unittest

from .support import Answer, EmulatorTest, needs, noise, request

BIG = noise(20_000_000)


class AzureTest(EmulatorTest):
    program = "azure"
    bucket = "container-of-tests"


@needs("rclone")
class Rclone(AzureTest):
    def remote(self, path: str = "") -> str:
        return f"TRAINAZ:{self.bucket}/{path}"

    def test_every_name_goes_up_and_down_and_then_it_is_quiet(self) -> None:
        tree = self.write_nasty_tree("up")
        self.run_client("rclone", "copy", "up", self.remote("run"))
        # rclone writes a backslash as its wide twin, since Azure would take it for a slash
        stored = {name.replace("\\", "\N{FULLWIDTH REVERSE SOLIDUS}"): tree[name] for name in tree}
        self.assert_stored(stored, "run/")
        self.emulator.requests()
        self.run_client("rclone", "copy", "up", self.remote("run"))
        self.assertEqual(self.emulator.requests("PUT"), [])
        self.run_client("rclone", "copy", f":azureblob:{self.bucket}/run", "down")
        self.assertEqual(self.read_tree("down"), tree)
        self.run_client("rclone", "check", "up", self.remote("run"))

    def test_big_file_in_blocks_and_copied(self) -> None:
        self.write("up/big.bin", BIG)
        self.run_client("rclone", "copy", "up", self.remote())
        self.assertEqual(self.emulator.data(self.bucket, "big.bin"), BIG)
        self.run_client("rclone", "copyto", self.remote("big.bin"), self.remote("copy.bin"))
        self.assertEqual(self.emulator.data(self.bucket, "copy.bin"), BIG)
        self.run_client("rclone", "copy", self.remote("copy.bin"), "down")
        self.assertEqual(self.read_tree("down"), {"copy.bin": BIG})
        self.run_client("rclone", "deletefile", self.remote("copy.bin"))
        self.assertEqual(list(self.emulator.objects(self.bucket)), ["big.bin"])

    def test_listing_has_all_pages(self) -> None:
        self.emulator.put_many(self.bucket, [f"many/{number:04}" for number in range(250)])
        chunk = ["--azureblob-list-chunk", "100"]
        listing = self.run_client("rclone", *chunk, "lsf", self.remote("many")).stdout
        self.assertEqual(len(listing.splitlines()), 250)

    def test_two_accounts_have_containers_of_one_name(self) -> None:
        self.emulator.post("account", {"name": "another"})
        mine = f"{self.emulator.address}/another/{self.bucket}"
        headers = {"Authorization": "Bearer token", "x-ms-blob-type": "BlockBlob"}
        refused = request("PUT", f"{mine}/a", b"other", headers)
        self.assertEqual(refused.status, 404)  # that account has no such container yet
        request("PUT", f"{mine}?restype=container", b"", headers)
        self.assertEqual(request("PUT", f"{mine}/a", b"other", headers).status, 201)
        self.assertEqual(list(self.emulator.objects(self.bucket)), [])
        self.emulator.post("account", {"name": "another", "removed": True})
        self.assertEqual(request("PUT", f"{mine}/a", b"other", headers).status, 403)

    def test_container_comes_and_goes(self) -> None:
        self.run_client("rclone", "mkdir", "TRAINAZ:another-one")
        self.assertEqual(self.run_client("rclone", "lsf", "TRAINAZ:").stdout,
                         f"another-one/\n{self.bucket}/\n")  # fmt: skip
        self.run_client("rclone", "purge", "TRAINAZ:another-one")
        self.assertEqual(self.emulator.get("health"), {self.bucket: 0})

    def test_expired_keys(self) -> None:
        self.write("up/a", b"a")
        once = ["rclone", "--retries", "1", "--low-level-retries", "1", "copy", "up"]
        self.emulator.post("expire", {})
        failed = self.run_client(*once, self.remote(), fails=True)
        self.assertIn("AuthenticationFailed", failed.stderr)
        self.emulator.post("expire", {"expired": False})
        self.run_client(*once, self.remote())
        self.assert_stored({"a": b"a"}, "")


BACKEND = """terraform {
  backend "azurerm" {
    storage_account_name = "devstoreaccount1"
    container_name       = "container-of-tests"
    key                  = "team/terraform.tfstate"
    use_azuread_auth     = true
  }
}
resource "terraform_data" "one" {}
"""
LOGIN = {"CLIENT_ID": "a", "CLIENT_SECRET": "b", "TENANT_ID": "t", "SUBSCRIPTION_ID": "s"}


@needs("terraform")
class TerraformState(AzureTest):
    def terraform(self, *words: str, fails: bool = False) -> str:
        told = {f"ARM_{name}": value for name, value in LOGIN.items()}
        login = ["env", *(f"{name}={value}" for name, value in told.items())]
        ran = self.run_client(*login, "terraform", *words, fails=fails)
        return ran.stdout + ran.stderr

    def test_backend_keeps_and_locks_its_state(self) -> None:
        self.write("main.tf", BACKEND.encode())
        self.terraform("init", "-input=false")
        self.terraform("apply", "-auto-approve")
        self.assertIn(b"terraform_data", self.emulator.data(self.bucket, "team/terraform.tfstate"))
        lease = {"x-ms-lease-action": "acquire", "x-ms-proposed-lease-id": "another"}
        headers = {"Authorization": "Bearer token"} | lease
        place = f"{self.emulator.address}/devstoreaccount1/{self.bucket}/team/terraform.tfstate"
        self.assertEqual(request("PUT", f"{place}?comp=lease", b"", headers).status, 201)
        refused = self.terraform("destroy", "-auto-approve", "-no-color", fails=True)
        self.assertIn("Error acquiring the state lock", refused)
        headers |= {"x-ms-lease-action": "release", "x-ms-lease-id": "another"}
        self.assertEqual(request("PUT", f"{place}?comp=lease", b"", headers).status, 200)
        self.terraform("destroy", "-auto-approve")


@needs("az")
class Az(AzureTest):
    def test_every_name_goes_up_and_down(self) -> None:
        tree = self.write_nasty_tree("up")
        batch = ["--only-show-errors", "-o", "none"]
        up = ["az", "storage", "blob", "upload-batch", "-s", "up", "-d", self.bucket]
        self.run_client(*up, "--destination-path", "run", *batch)
        self.assert_stored(tree, "run/")
        os.mkdir(self.path("down"))
        down = ["az", "storage", "blob", "download-batch", "-s", self.bucket, "-d", "down"]
        self.run_client(*down, *batch)
        self.assertEqual(self.read_tree("down/run"), tree)


class Refusals(AzureTest):
    def ask(
        self, method: str, path: str, body: bytes | None = None, account: str = "", **more: str
    ) -> Answer:
        name = account or "devstoreaccount1"
        headers = {"Authorization": f"SharedKey {name}:c2lnbmF0dXJl"}
        headers |= {key.replace("_", "-"): value for key, value in more.items()}
        return request(method, f"{self.emulator.address}/{path}", body, headers)

    def blob(self, name: str = "a") -> str:
        return f"devstoreaccount1/{self.bucket}/{name}"

    def test_wrong_account_and_no_credentials(self) -> None:
        self.assertEqual(self.ask("GET", self.blob(), account="someone").status, 403)
        address = f"{self.emulator.address}/{self.blob()}"
        self.assertEqual(request("GET", address).status, 401)
        self.assertEqual(request("GET", f"{address}?sv=1&sig=x").status, 404)
        elsewhere = self.ask("GET", f"someone/{self.bucket}/a")
        self.assertEqual(elsewhere.headers["x-ms-error-code"], "AuthenticationFailed")

    def test_wrong_md5(self) -> None:
        kind = {"x_ms_blob_type": "BlockBlob"}
        wrong = self.ask("PUT", self.blob(), b"other", Content_MD5="AAAA", **kind)
        self.assertEqual(wrong.headers["x-ms-error-code"], "Md5Mismatch")
        self.assertEqual(self.emulator.objects(self.bucket), {})
        right = "JfnnlDI7RTiF9RgfG2JNCw=="
        answer = self.ask("PUT", self.blob(), b"123456789", Content_MD5=right, **kind)
        self.assertEqual((answer.status, answer.headers["Content-MD5"]), (201, right))
        part = self.ask("GET", self.blob(), x_ms_range="bytes=1-3")
        self.assertEqual((part.status, part.body), (206, b"234"))
        self.assertEqual(part.headers["x-ms-blob-content-md5"], right)

    def test_leases(self) -> None:
        kind = {"x_ms_blob_type": "BlockBlob"}
        lease = self.blob() + "?comp=lease"
        self.assertEqual(self.ask("PUT", lease, x_ms_lease_action="acquire").status, 404)
        self.ask("PUT", self.blob(), b"1", **kind)
        mine = {"x_ms_lease_action": "acquire", "x_ms_proposed_lease_id": "mine"}
        self.assertEqual(self.ask("PUT", lease, **mine).headers["x-ms-lease-id"], "mine")
        second = self.ask("PUT", lease, x_ms_lease_action="acquire")
        self.assertEqual(second.headers["x-ms-error-code"], "LeaseAlreadyPresent")
        for method, path in (("PUT", ""), ("PUT", "?comp=metadata"), ("DELETE", "")):
            refused = self.ask(method, self.blob() + path, b"", **kind)
            self.assertEqual(refused.headers["x-ms-error-code"], "LeaseIdMissing", path)
        refused = self.ask("PUT", self.blob(), b"2", x_ms_lease_id="other", **kind)
        self.assertEqual(refused.headers["x-ms-error-code"], "LeaseIdMismatchWithBlobOperation")
        self.assertEqual(
            self.ask("PUT", self.blob(), b"2", x_ms_lease_id="mine", **kind).status, 201
        )
        self.assertEqual(self.ask("GET", self.blob()).headers["x-ms-lease-status"], "locked")
        self.ask("PUT", lease, x_ms_lease_action="release", x_ms_lease_id="mine")
        self.assertEqual(self.ask("DELETE", self.blob()).status, 202)

    def test_unknown_container_blob_and_block(self) -> None:
        nowhere = self.ask("GET", "devstoreaccount1/none?restype=container&comp=list")
        self.assertEqual(nowhere.headers["x-ms-error-code"], "ContainerNotFound")
        self.assertEqual(self.ask("GET", self.blob("none")).status, 404)
        block = base64.b64encode(b"one").decode()
        listed = f"<BlockList><Latest>{block}</Latest></BlockList>".encode()
        missing = self.ask("PUT", self.blob() + "?comp=blocklist", listed)
        self.assertEqual(missing.headers["x-ms-error-code"], "InvalidBlockList")

    def test_container_twice_or_badly_named(self) -> None:
        again = self.ask("PUT", f"devstoreaccount1/{self.bucket}?restype=container", b"")
        self.assertEqual(again.headers["x-ms-error-code"], "ContainerAlreadyExists")
        bad = self.ask("PUT", "devstoreaccount1/Not_A_Name?restype=container", b"")
        self.assertEqual(bad.status, 400)

    def test_conditions(self) -> None:
        new = {"x_ms_blob_type": "BlockBlob", "If_None_Match": "*"}
        self.assertEqual(self.ask("PUT", self.blob(), b"1", **new).status, 201)
        self.assertEqual(self.ask("PUT", self.blob(), b"2", **new).status, 409)
        self.assertEqual(self.emulator.data(self.bucket, "a"), b"1")
        self.assertEqual(self.ask("DELETE", self.blob(), If_Match='"0x1"').status, 412)

    def test_metadata_stays(self) -> None:
        self.emulator.put(self.bucket, "a", b"1")
        self.ask("PUT", self.blob() + "?comp=metadata", b"", x_ms_meta_mtime="yesterday")
        self.assertEqual(self.ask("HEAD", self.blob()).headers["x-ms-meta-mtime"], "yesterday")


if __name__ == "__main__":
    unittest.main()
