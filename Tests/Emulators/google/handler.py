"""The requests of the JSON API, one by one."""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from ..emulator.handler import Handler
from ..emulator.store import Refusal, StoredObject
from . import batch, resources, uploads
from .access import BadGrant
from .store import WRITABLE, GoogleStore

BUCKET_NAME = re.compile(r"[a-z0-9][-._a-z0-9]{1,220}[a-z0-9]")


class GoogleHandler(Handler):
    """One connection of a Google client."""

    store: GoogleStore

    def route(self, method: str, path: str) -> None:
        if path == "/token":
            self.reply_json(self.service.access.grant(self.body()))
            return
        self.service.access.check(self.headers.get("Authorization", ""))
        path = path.removeprefix("/resumable")  # gcloud puts it before /upload
        if match := re.fullmatch(r"/upload/storage/v1/b/([^/]+)/o(?:/.+)?", path):
            uploads.answer(self, method, unquote(match[1]))
        elif match := re.fullmatch(r"/download/storage/v1/b/([^/]+)/o/(.+)", path):
            self.send_media(unquote(match[1]), unquote(match[2]))
        elif path.startswith("/storage/v1/"):
            self.api(method, path[len("/storage/v1/") :])
        elif path == "/batch/storage/v1":
            batch.answer(self)
        elif method in ("GET", "HEAD") and (match := re.fullmatch(r"/([^/]+)/(.+)", path)):
            self.send_media(match[1], unquote(match[2]))  # a public or signed address
        else:
            raise Refusal(501, f"not implemented: {method} {path}")

    def refuse(self, refusal: Refusal) -> None:
        if isinstance(refusal, BadGrant):
            answer = {"error": refusal.code, "error_description": refusal.message}
            self.reply_json(answer, refusal.status)
        else:
            self.reply_json(resources.error(refusal), refusal.status)

    def reply_fields(self, resource: dict[str, Any]) -> None:
        wanted = self.query.get("fields")
        self.reply_json(resources.only_fields(resource, wanted) if wanted else resource)

    def reply_object(self, bucket: str, found: StoredObject) -> None:
        self.reply_fields(resources.object_json(self.store.bucket(bucket), found, self.base))

    def check_reach(self, method: str, bucket: str, name: str) -> None:
        """What is not there is forbidden too, for who may not list its bucket."""
        reach = self.service.reach
        if method not in ("GET", "HEAD"):
            reach.check_write(bucket)
        reach.check_name(bucket, name)
        if reach.is_limited(bucket) and name not in self.store.bucket(bucket).objects:
            raise Refusal(403, f"no storage.objects.get access to {name}, or it may not exist")

    def send_media(self, bucket: str, name: str) -> None:
        self.check_reach("GET", bucket, name)
        found = self.store.version(bucket, name, self.query)
        self.send_object(found, resources.media_headers(found))

    def api(self, method: str, rest: str) -> None:
        if rest == "b":
            self.buckets(method)
            return
        if re.fullmatch(r"projects/[^/]+/serviceAccount", rest):
            self.reply_json({"kind": "storage#serviceAccount", "email_address": "test@invalid"})
            return
        match = re.fullmatch(r"b/([^/]+)(?:/(.*))?", rest)
        if not match:
            raise Refusal(501, f"not implemented: {method} {rest}")
        bucket, rest = unquote(match[1]), match[2]
        if rest is None:
            self.bucket(method, bucket)
        elif rest == "o":
            self.list_objects(bucket)
        elif match := re.fullmatch(r"o/([^/]+)/(?:rewriteTo|copyTo)/b/([^/]+)/o/([^/]+)", rest):
            self.copy(bucket, *(unquote(part) for part in match.groups()), "/copyTo/" in rest)
        elif match := re.fullmatch(r"o/([^/]+)/compose", rest):
            self.compose(bucket, unquote(match[1]))
        elif match := re.fullmatch(r"o/([^/]+)/acl", rest):
            self.store.find(bucket, unquote(match[1]))
            self.reply_json({"kind": "storage#objectAccessControls", "items": []})
        elif match := re.fullmatch(r"o/(.+)", rest):
            self.object(method, bucket, unquote(match[1]))
        else:
            self.bucket_detail(method, bucket, rest)

    # Buckets

    def create_bucket(self, name: str, properties: dict[str, Any]) -> None:
        if not BUCKET_NAME.fullmatch(name):
            raise Refusal(400, f"Invalid bucket name: '{name}'")
        self.store.create_bucket(name, resources.new_bucket(name, properties, self.base))

    def buckets(self, method: str) -> None:
        if method == "GET":
            found = [bucket.properties for bucket in self.store.buckets.values()]
            self.reply_json({"kind": "storage#buckets", "items": found})
        else:
            given = self.json_body()
            self.create_bucket(given.get("name", ""), given)
            self.reply_json(self.store.bucket(given["name"]).properties)

    def bucket(self, method: str, name: str) -> None:
        self.service.reach.check_listing(name, "")
        properties = self.store.bucket(name).properties
        if method == "DELETE":
            self.store.delete_bucket(name)
            self.reply(204)
            return
        if method in ("PATCH", "PUT"):
            properties.update(self.json_body())
            properties["metageneration"] = str(int(properties["metageneration"]) + 1)
        self.reply_json(properties)

    def bucket_detail(self, method: str, name: str, what: str) -> None:
        self.service.reach.check_listing(name, "")  # none of it is an object's
        properties = self.store.bucket(name).properties
        if what in ("acl", "defaultObjectAcl"):
            self.reply_json({"kind": "storage#bucketAccessControls", "items": []})
        elif what in ("managedFolders", "folders") and method == "GET":
            self.reply_json({"kind": f"storage#{what}"})
        elif what == "iam":
            policy = {"kind": "storage#policy", "etag": "CAE=", "version": 1, "bindings": []}
            self.reply_json({**policy, **(self.json_body() if method == "PUT" else {})})
        elif what == "iam/testPermissions":
            asked = parse_qs(urlsplit(self.path).query).get("permissions", [])
            self.reply_json({"permissions": asked})
        elif what == "storageLayout":
            layout = {key: properties[key] for key in ("location", "locationType")}
            flat = {"bucket": name, "hierarchicalNamespace": {"enabled": False}}
            self.reply_json({"kind": "storage#storageLayout", **layout, **flat})
        else:
            raise Refusal(501, f"not implemented: {method} {what} of a bucket")

    # Objects

    def list_objects(self, bucket: str) -> None:
        query = self.query
        self.service.reach.check_listing(bucket, query.get("prefix", ""))
        page = self.store.page(
            bucket,
            query.get("prefix", ""),
            query.get("delimiter", ""),
            base64.urlsafe_b64decode(query.get("pageToken", "")).decode(),
            min(int(query.get("maxResults", 1000)), 1000),
            query.get("startOffset", ""),
            query.get("endOffset", ""),
        )
        home = self.store.bucket(bucket)
        items = [resources.object_json(home, found, self.base) for found in page.objects]
        answer: dict[str, Any] = {"kind": "storage#objects"}
        if query.get("includeTrailingDelimiter") == "true":
            folders = [home.objects[name] for name in page.prefixes if name in home.objects]
            items += [resources.object_json(home, found, self.base) for found in folders]
        if items:
            answer["items"] = items
        if page.prefixes:
            answer["prefixes"] = page.prefixes
        if page.marker:
            answer["nextPageToken"] = base64.urlsafe_b64encode(page.marker.encode()).decode()
        self.reply_fields(answer)

    def object(self, method: str, bucket: str, name: str) -> None:
        self.check_reach(method, bucket, name)
        found = self.store.version(bucket, name, self.query)
        if method in ("GET", "HEAD"):
            if self.query.get("alt") == "media":
                self.send_media(bucket, name)
            else:
                self.reply_object(bucket, found)
        elif method == "DELETE":
            self.store.delete(bucket, name)
            self.reply(204)
        elif method in ("PATCH", "PUT"):
            self.store.update(found, self.json_body(), merge=method == "PATCH")
            self.reply_object(bucket, found)
        else:
            raise Refusal(501, f"not implemented: {method} of an object")

    def copy(self, bucket: str, name: str, to_bucket: str, to: str, plain_answer: bool) -> None:
        self.check_reach("GET", bucket, name)
        self.service.reach.check_write(to_bucket)
        given = self.json_body()
        source = self.store.find(bucket, name)
        kept = {key: source.properties[key] for key in WRITABLE if key in source.properties}
        path = self.store.new_file()
        hasher = self.store.write(path, self.store.pieces(source))
        components = source.properties.get("componentCount", 0)
        metadata = {**kept, **given}
        made = self.store.accept(to_bucket, to, path, hasher, metadata, self.query, components)
        if plain_answer:
            self.reply_object(to_bucket, made)
            return
        resource = resources.object_json(self.store.bucket(to_bucket), made, self.base)
        size = {"totalBytesRewritten": resource["size"], "objectSize": resource["size"]}
        done = {"kind": "storage#rewriteResponse", "done": True, "resource": resource}
        self.reply_json({**done, **size})

    def compose(self, bucket: str, name: str) -> None:
        request = self.json_body()
        given = request["sourceObjects"]
        if not 1 <= len(given) <= 32:
            message = "The number of source components must be between 1 and 32."
            raise Refusal(400, message)
        sources = [self.store.version(bucket, part["name"], part) for part in given]
        path = self.store.new_file()
        together = (piece for source in sources for piece in self.store.pieces(source))
        hasher = self.store.write(path, together)
        # gcloud sends the hashes of the first component along; Google ignores them
        hashes = ("md5Hash", "crc32c")
        target = request.get("destination") or {}
        target = {key: value for key, value in target.items() if key not in hashes}
        components = sum(source.properties.get("componentCount", 1) for source in sources)
        made = self.store.accept(bucket, name, path, hasher, target, self.query, components)
        self.reply_object(bucket, made)
