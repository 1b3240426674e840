"""Buckets and their objects: bytes in files, everything else in memory, names in order."""

from __future__ import annotations

import bisect
import os
import shutil
import threading
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, BinaryIO

from .hashes import Hasher


class Refusal(Exception):
    """The answer is an error: an HTTP status, the cloud's word for it and a sentence."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


@dataclass
class StoredObject:
    """One version of one object. `properties` are the cloud's own."""

    name: str
    path: str
    size: int
    md5: str
    crc32c: str
    generation: int
    created: datetime
    updated: datetime
    properties: dict[str, Any] = field(default_factory=dict)

    def summary(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "size": self.size,
            "md5": self.md5,
            "crc32c": self.crc32c,
            "generation": self.generation,
        }


class Bucket:
    """A bucket (Google) or a container (Azure)."""

    def __init__(self, name: str, properties: dict[str, Any]) -> None:
        self.name, self.properties = name, properties
        self.objects: dict[str, StoredObject] = {}
        self.names: list[str] = []


@dataclass
class Page:
    """What one list request answers; `marker` is the last name or prefix seen if there is more."""

    objects: list[StoredObject]
    prefixes: list[str]
    marker: str | None


class Store:
    """All buckets of one emulator. Each method may be called from any thread."""

    no_bucket = Refusal(404, "The specified bucket does not exist.")
    no_object = Refusal(404, "No such object.")
    bucket_exists = Refusal(409, "The bucket exists already.")
    bucket_not_empty = Refusal(409, "The bucket you tried to delete is not empty.")

    def __init__(self, root: str) -> None:
        self.root = root
        self.lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        with self.lock:
            shutil.rmtree(self.root, ignore_errors=True)
            os.makedirs(self.root)
            self.buckets: dict[str, Bucket] = {}
            self.generation = 0

    # Buckets

    def bucket(self, name: str) -> Bucket:
        try:
            return self.buckets[name]
        except KeyError:
            raise self.no_bucket from None

    def create_bucket(self, name: str, properties: dict[str, Any]) -> Bucket:
        with self.lock:
            if name in self.buckets:
                raise self.bucket_exists
            self.buckets[name] = Bucket(name, properties)
            return self.buckets[name]

    def delete_bucket(self, name: str, even_full: bool = False) -> None:
        with self.lock:
            bucket = self.bucket(name)
            if bucket.names and not even_full:
                raise self.bucket_not_empty
            for found in bucket.objects.values():
                os.unlink(found.path)
            del self.buckets[name]

    # Objects

    def new_file(self) -> str:
        """A path for bytes that are arriving."""
        return os.path.join(self.root, uuid.uuid4().hex)

    def write(self, path: str, pieces: Iterable[bytes]) -> Hasher:
        hasher = Hasher()
        with open(path, "wb") as file:
            for piece in pieces:
                hasher.update(piece)
                file.write(piece)
        return hasher

    def pieces(self, found: StoredObject) -> Iterable[bytes]:
        with self.open(found) as file:
            while piece := file.read(1 << 20):
                yield piece

    def open(self, found: StoredObject) -> BinaryIO:
        """Opened under the lock: it goes on reading this version when the object is replaced."""
        with self.lock:
            try:
                return open(found.path, "rb")
            except FileNotFoundError:
                raise self.no_object from None

    def find(self, bucket: str, name: str) -> StoredObject:
        try:
            return self.bucket(bucket).objects[name]
        except KeyError:
            raise self.no_object from None

    def commit(
        self, bucket: str, name: str, path: str, hasher: Hasher, properties: dict[str, Any]
    ) -> StoredObject:
        """Makes the bytes at `path` the object, whole or not at all."""
        with self.lock:
            home = self.bucket(bucket)
            self.generation = max(self.generation + 1, time.time_ns() // 1000)
            now = datetime.now(timezone.utc)
            stored = StoredObject(
                name, path, hasher.size, hasher.md5, hasher.crc32c,
                self.generation, now, now, properties,
            )  # fmt: skip
            older = home.objects.get(name)
            home.objects[name] = stored
            if older:
                os.unlink(older.path)
            else:
                bisect.insort(home.names, name)
            return stored

    def put(self, bucket: str, name: str, data: bytes) -> StoredObject:
        """A test's own way in."""
        path = self.new_file()
        return self.commit(bucket, name, path, self.write(path, [data]), self.plain_properties())

    def plain_properties(self) -> dict[str, Any]:
        return {}

    def delete(self, bucket: str, name: str) -> None:
        with self.lock:
            found = self.find(bucket, name)
            home = self.bucket(bucket)
            del home.objects[name]
            del home.names[bisect.bisect_left(home.names, name)]
            os.unlink(found.path)

    def page(
        self,
        bucket: str,
        prefix: str = "",
        delimiter: str = "",
        after: str = "",
        limit: int = 1000,
        first: str = "",
        end: str = "",
    ) -> Page:
        """The objects with `prefix` from `first` to before `end`, at most `limit`, after a marker.

        Names that hold `delimiter` behind the prefix are folded into one entry of `prefixes`.
        """
        with self.lock:
            home = self.bucket(bucket)
            index = bisect.bisect_left(home.names, max(prefix, first))
            folded = None
            if after:
                index = bisect.bisect_right(home.names, after)
                if delimiter and after.endswith(delimiter) and after != prefix:
                    folded = after
            answer, marker = Page([], [], None), ""
            for name in home.names[index:]:
                if not name.startswith(prefix) or (end and name >= end):
                    break
                cut = name.find(delimiter, len(prefix)) if delimiter else -1
                fold = name[: cut + len(delimiter)] if cut >= 0 else None
                if fold is not None and fold == folded:
                    continue
                if len(answer.objects) + len(answer.prefixes) >= limit:
                    answer.marker = marker
                    break
                if fold is not None:
                    answer.prefixes.append(fold)
                    folded = fold
                else:
                    answer.objects.append(home.objects[name])
                marker = fold or name
            return answer
