"""Azure's words for a store: containers, block blobs and the blocks that wait for their list."""

from __future__ import annotations

from typing import Any

from ..emulator.hashes import Hasher
from ..emulator.store import Refusal, Store, StoredObject


class AzureStore(Store):
    """`properties` of a blob: headers (as given back), metadata."""

    no_bucket = Refusal(404, "The specified container does not exist.", "ContainerNotFound")
    no_object = Refusal(404, "The specified blob does not exist.", "BlobNotFound")
    bucket_exists = Refusal(
        409, "The specified container already exists.", "ContainerAlreadyExists"
    )

    def reset(self) -> None:
        super().reset()
        self._blocks: dict[tuple[str, str], dict[str, str]] = {}
        # Container and blob: the id of the lease that is held
        self.leases: dict[tuple[str, str], str] = {}

    def commit(
        self, bucket: str, name: str, path: str, hasher: Hasher, properties: dict[str, Any]
    ) -> StoredObject:
        """A blob put in one piece gets its MD5 without being told; one made of blocks does not."""
        headers = {"Content-Type": "application/octet-stream", "Content-MD5": hasher.md5}
        headers.update(properties.get("headers", {}))
        with self.lock:
            self._blocks.pop((bucket, name), None)
            kept = {"headers": headers, "metadata": properties.get("metadata", {})}
            return super().commit(bucket, name, path, hasher, kept)

    def put_block(self, bucket: str, name: str, block: str, path: str) -> None:
        with self.lock:
            self.bucket(bucket)
            self._blocks.setdefault((bucket, name), {})[block] = path

    def blocks(self, bucket: str, name: str) -> dict[str, str]:
        """The blocks that no list has taken up: name and file."""
        return self._blocks.get((bucket, name), {})
