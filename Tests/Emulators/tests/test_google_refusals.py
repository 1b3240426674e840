"""A stand-in that lets everything pass proves nothing: what the Google emulator must refuse."""

from __future__ import annotations

import json
import unittest

from .support import Answer, Emulator, EmulatorTest, request


class Refusals(EmulatorTest):
    program = "google"

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        address = f"{self.emulator.address}{path}"
        return request(method, address, body, {"Content-Type": "application/json", **headers})

    def upload(self, metadata: dict[str, str], data: bytes, query: str = "") -> Answer:
        body = b"--mark\r\nContent-Type: application/json\r\n\r\n" + json.dumps(metadata).encode()
        body += b"\r\n--mark\r\nContent-Type: text/plain\r\n\r\n" + data + b"\r\n--mark--\r\n"
        path = f"/upload/storage/v1/b/{self.bucket}/o?uploadType=multipart{query}"
        headers = {"Content-Type": "multipart/related; boundary=mark"}
        return request("POST", self.emulator.address + path, body, headers)

    def test_upload_with_right_hashes_is_taken(self) -> None:
        right = {"name": "a", "md5Hash": "JfnnlDI7RTiF9RgfG2JNCw==", "crc32c": "4waSgw=="}
        answer = self.upload(right, b"123456789")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.json()["crc32c"], "4waSgw==")

    def test_upload_with_wrong_hash_is_refused(self) -> None:
        for wrong in ({"md5Hash": "JfnnlDI7RTiF9RgfG2JNCw=="}, {"crc32c": "AAAAAA=="}):
            self.assertEqual(self.upload({"name": "a", **wrong}, b"other").status, 400)
        self.assertEqual(self.emulator.objects(self.bucket), {})

    def test_unknown_bucket_and_object_are_404(self) -> None:
        self.assertEqual(self.ask("GET", "/storage/v1/b/none/o").status, 404)
        self.assertEqual(self.ask("GET", f"/storage/v1/b/{self.bucket}/o/none").status, 404)
        self.assertEqual(self.ask("DELETE", f"/storage/v1/b/{self.bucket}/o/none").status, 404)
        upload = "/upload/storage/v1/b/none/o?uploadType=media&name=a"
        self.assertEqual(self.ask("POST", upload, b"a").status, 404)

    def test_bucket_twice_badly_named_or_deleted_when_full(self) -> None:
        again = json.dumps({"name": self.bucket}).encode()
        self.assertEqual(self.ask("POST", "/storage/v1/b", again).status, 409)
        self.assertEqual(self.ask("POST", "/storage/v1/b", b'{"name": "Not A Name"}').status, 400)
        self.emulator.put(self.bucket, "a", b"a")
        self.assertEqual(self.ask("DELETE", f"/storage/v1/b/{self.bucket}").status, 409)
        self.assertEqual(self.ask("DELETE", f"/storage/v1/b/{self.bucket}/o/a").status, 204)
        self.assertEqual(self.ask("DELETE", f"/storage/v1/b/{self.bucket}").status, 204)

    def test_preconditions(self) -> None:
        self.assertEqual(self.upload({"name": "a"}, b"1", "&ifGenerationMatch=0").status, 200)
        self.assertEqual(self.upload({"name": "a"}, b"2", "&ifGenerationMatch=0").status, 412)
        self.assertEqual(self.emulator.data(self.bucket, "a"), b"1")

    def test_range_beyond_the_end(self) -> None:
        self.emulator.put(self.bucket, "a", b"12345")
        path = f"/storage/v1/b/{self.bucket}/o/a?alt=media"
        part = self.ask("GET", path, Range="bytes=3-")
        self.assertEqual((part.status, part.body), (206, b"45"))
        self.assertEqual(self.ask("GET", path, Range="bytes=5-").status, 416)

    def test_what_it_does_not_know_it_does_not_pretend(self) -> None:
        self.assertEqual(self.ask("POST", "/storage/v1/b/x/lockRetentionPolicy").status, 404)
        path = f"/storage/v1/b/{self.bucket}/lockRetentionPolicy"
        self.assertEqual(self.ask("POST", path, b"{}").status, 501)

    def test_token_is_asked_for(self) -> None:
        guarded = Emulator("google", "--token", "right")
        self.addCleanup(guarded.stop)
        address = f"{guarded.address}/storage/v1/b"
        wrong, right = {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer right"}
        self.assertEqual(request("GET", address).status, 401)
        self.assertEqual(request("GET", address, headers=wrong).status, 401)
        self.assertEqual(request("GET", address, headers=right).status, 200)


if __name__ == "__main__":
    unittest.main()
