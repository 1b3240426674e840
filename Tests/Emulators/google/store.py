"""Google's rules about objects: preconditions, hashes given along, what a client may set."""

from __future__ import annotations

import os
from typing import Any

from ..emulator.hashes import Hasher
from ..emulator.store import Refusal, Store, StoredObject

Json = "dict[str, Any]"

# The fields of an object that a client may set
WRITABLE = (
    "acl", "cacheControl", "contentDisposition", "contentEncoding", "contentLanguage",
    "contentType", "customTime", "metadata", "storageClass", "eventBasedHold", "temporaryHold",
)  # fmt: skip


class GoogleStore(Store):
    """A store whose objects carry `metageneration` and the writable fields."""

    bucket_exists = Refusal(
        409, "Your previous request to create the named bucket succeeded and you already own it."
    )

    def plain_properties(self) -> dict[str, Any]:
        return {"metageneration": 1, "contentType": "application/octet-stream"}

    def version(self, bucket: str, name: str, query: dict[str, str]) -> StoredObject:
        """The object, if it is the generation that the query asks for."""
        found = self.find(bucket, name)
        if query.get("generation", str(found.generation)) != str(found.generation):
            raise Refusal(404, f"No such object: {bucket}/{name}")
        self.check(bucket, name, query)
        return found

    def check(self, bucket: str, name: str, query: dict[str, str]) -> None:
        """The preconditions ifGenerationMatch and so on; generation 0 means no object."""
        found = self.bucket(bucket).objects.get(name)
        now = {
            "Generation": str(found.generation) if found else "0",
            "Metageneration": str(found.properties["metageneration"]) if found else "0",
        }
        for what, value in now.items():
            wanted, unwanted = query.get(f"if{what}Match"), query.get(f"if{what}NotMatch")
            if wanted not in (None, value) or unwanted == value:
                message = "At least one of the pre-conditions you specified did not hold."
                raise Refusal(412, message)

    def accept(
        self,
        bucket: str,
        name: str,
        path: str,
        hasher: Hasher,
        metadata: dict[str, Any],
        query: dict[str, str],
        components: int = 0,
    ) -> StoredObject:
        """Commits what arrived, if preconditions hold and given hashes are right."""
        try:
            for field, real in (("md5Hash", hasher.md5), ("crc32c", hasher.crc32c)):
                given = metadata.get(field)
                if given and given != real:
                    message = f'Provided {field} "{given}" doesn\'t match calculated "{real}".'
                    raise Refusal(400, message)
            properties = self.plain_properties()
            given = {key: metadata[key] for key in WRITABLE if metadata.get(key) is not None}
            properties.update(given)
            if components:  # as at Google: composed objects have no MD5
                properties["componentCount"] = components
            with self.lock:
                self.check(bucket, name, query)
                return self.commit(bucket, name, path, hasher, properties)
        except Refusal:
            os.unlink(path)
            raise

    def update(self, found: StoredObject, changes: dict[str, Any], merge: bool) -> None:
        """PATCH (merge) or PUT of an object's own fields."""
        with self.lock:
            for key in WRITABLE:
                if key not in changes:
                    continue
                value = changes[key]
                if key == "metadata" and merge and value:
                    value = {**found.properties.get(key, {}), **value}
                    value = {name: text for name, text in value.items() if text is not None}
                if value is None:
                    found.properties.pop(key, None)
                else:
                    found.properties[key] = value
            found.properties["metageneration"] += 1
